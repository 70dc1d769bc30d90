// Builds a NodeKind from pointers to the members of a node's struct.
#pragma once

#include "engine/app/kind.h"
#include "engine/app/reader.h"
#include "engine/run/node.h"

namespace plenum::nodes {

using app::NodeKind;
using app::Reader;

template <typename T>
class KindOf {
 public:
  KindOf(std::string name, std::string summary) {
    kind_.name = std::move(name);
    kind_.summary = std::move(summary);
    kind_.make = [] { return std::make_shared<T>(); };
    kind_.result = [](const run::Node& node) { return node.result(); };
  }

  template <typename M>
  KindOf&& needs(std::string name, M T::*member, std::string summary) && {
    return std::move(*this).field(std::move(name), member, true, std::move(summary));
  }
  template <typename M>
  KindOf&& takes(std::string name, M T::*member, std::string summary) && {
    return std::move(*this).field(std::move(name), member, false, std::move(summary));
  }
  // A whole number with its bounds.
  KindOf&& takes(std::string name, int T::*member, int low, int high, std::string summary) && {
    const T defaults{};
    kind_.fields.push_back({std::move(name),
                            std::to_string(low) + " to " + std::to_string(high) + " (" +
                                std::to_string(defaults.*member) + ")",
                            false, std::move(summary),
                            [=](Reader& reader, const yaml::Node& value, run::Node& node) {
                              reader.read_int(value, static_cast<T&>(node).*member, low, high);
                            }});
    return std::move(*this);
  }
  // A word of a list.
  KindOf&& takes(std::string name, std::string T::*member, std::vector<std::string> words,
                 std::string summary) && {
    const T defaults{};
    kind_.fields.push_back({name, any_of(words) + " (" + defaults.*member + ")", false,
                            std::move(summary),
                            [=](Reader& reader, const yaml::Node& value, run::Node& node) {
                              reader.read_word(value, static_cast<T&>(node).*member, words);
                            }});
    return std::move(*this);
  }
  // Read by `fn(reader, value, node)`.
  using ReadWith = void (*)(Reader&, const yaml::Node&, T&);
  KindOf&& needs(std::string name, std::string type, ReadWith fn, std::string summary) && {
    return std::move(*this).field(std::move(name), std::move(type), true, fn, std::move(summary));
  }
  KindOf&& takes(std::string name, std::string type, ReadWith fn, std::string summary) && {
    return std::move(*this).field(std::move(name), std::move(type), false, fn, std::move(summary));
  }
  // The names that the node's templates see instead of the state.
  KindOf&& with(app::With T::*member, std::string summary) && {
    std::move(*this).field("with", member, false, std::move(summary));
    kind_.fields.back().with = [member](const run::Node& node) {
      return &(static_cast<const T&>(node).*member);
    };
    return std::move(*this);
  }
  KindOf&& retries(int times) && {
    kind_.retries = times;
    return std::move(*this);
  }
  KindOf&& timeout(std::chrono::milliseconds time) && {
    kind_.timeout = time;
    return std::move(*this);
  }
  // `cache` may stand at the node, if `when` says so.
  KindOf&& cacheable(bool (*when)(const T&)) && {
    kind_.cacheable = [when](const run::Node& node) { return when(static_cast<const T&>(node)); };
    return std::move(*this);
  }
  // The run may wait here for a client's answer, if `when` says so.
  KindOf&& pauses(bool (*when)(const T&)) && {
    kind_.pauses = [when](const run::Node& node) { return when(static_cast<const T&>(node)); };
    return std::move(*this);
  }
  KindOf&& later(std::vector<std::string> keys) && {
    kind_.later = std::move(keys);
    return std::move(*this);
  }
  KindOf&& shorthand(std::string field) && {
    kind_.shorthand = std::move(field);
    return std::move(*this);
  }
  // `check(reader, the node's yaml, node)` once all fields are read.
  KindOf&& check(void (*check)(Reader&, const yaml::Node&, T&)) && {
    kind_.check = [check](Reader& reader, const yaml::Node& yaml, run::Node& node) {
      check(reader, yaml, static_cast<T&>(node));
    };
    return std::move(*this);
  }

  operator NodeKind() && { return std::move(kind_); }

 private:
  KindOf&& field(std::string name, std::string type, bool required, ReadWith fn,
                 std::string summary) && {
    kind_.fields.push_back({std::move(name), std::move(type), required, std::move(summary),
                            [fn](Reader& reader, const yaml::Node& value, run::Node& node) {
                              fn(reader, value, static_cast<T&>(node));
                            }});
    return std::move(*this);
  }
  template <typename M>
  KindOf&& field(std::string name, M T::*member, bool required, std::string summary) && {
    kind_.fields.push_back({std::move(name), app::type_word<M>(), required, std::move(summary),
                            [member](Reader& reader, const yaml::Node& value, run::Node& node) {
                              reader.read(value, static_cast<T&>(node).*member);
                            }});
    return std::move(*this);
  }

  NodeKind kind_;
};

}  // namespace plenum::nodes
