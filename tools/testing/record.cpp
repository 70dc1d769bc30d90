#include "tools/testing/record.h"

#include <nlohmann/json.hpp>

namespace plenum::testing {

namespace {

constexpr size_t kLongestName = 48;

// "four tones, then three replies" as "four_tones_then_three_replies".
std::string file_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const auto letter = static_cast<unsigned char>(c);
    if (letter < 0x80 && isalnum(letter))
      name += static_cast<char>(tolower(letter));
    else if (!name.empty() && name.back() != '_')
      name += '_';
  }
  name.resize(std::min(name.size(), kLongestName));
  while (!name.empty() && name.back() == '_') name.pop_back();
  return name.empty() ? "test" : name;
}

// JSON when the model said that and nothing beside it; else the text as it is.
std::optional<Json> value_of(const std::string& said) {
  Result<Json> value = parse_json(said);
  if (!value || !value->is_structured()) return std::nullopt;
  return *std::move(value);
}

}  // namespace

void Recorder::begin(size_t test, const std::string& name) {
  test_ = test;
  folder_ = "fixtures/" + app_ + "/" + file_name(name);
}

bool Recorder::asks(const app::TestReplies& replies, const app::TestReply& reply) const {
  return (replies.kind == "llm" || replies.kind == "retrieve") && !reply.fixture.empty() &&
         !recorded(reply.fixture) && (options_.again || options_.missing.contains(reply.fixture));
}

const Json* Recorder::recorded(const std::string& fixture) const {
  const auto it = values_.find(fixture);
  return it == values_.end() ? nullptr : &it->second;
}

void Recorder::write(const std::string& fixture, const std::string& said) {
  const std::optional<Json> value = value_of(said);
  values_[fixture] = value ? *value : Json(said);
  const bool json = fixture.ends_with(".json");
  open_.fixtures[fixture] = !json   ? said
                            : value ? value->dump(2) + "\n"
                                    : Json(said).dump(2) + "\n";
}

// One reply for all visits holds what was said last: what was said before it may have been asked
// for again.
void Recorder::keep_named(const app::TestReplies& replies,
                          const std::map<size_t, std::string>& visits) {
  for (const auto& [visit, said] : visits) {
    const size_t at = replies.each ? visit : 0;
    if (at < replies.visits.size()) write(replies.visits[at].fixture, said);
  }
}

void Recorder::keep_new(const std::string& node, size_t step,
                        const std::map<size_t, std::string>& visits) {
  Added added{test_, step, node, {}};
  std::string base = folder_ + "/" + std::to_string(step + 1) + "_" + node;
  std::replace(base.begin() + static_cast<long>(folder_.size()) + 1, base.end(), '/', '_');
  for (const auto& [visit, said] : visits) {
    const std::string number = visits.size() > 1 ? "." + std::to_string(visit + 1) : "";
    const char* ending = value_of(said) ? ".json" : ".txt";
    std::string path = base + number + ending;
    for (int i = 2; options_.exists(path) || recorded(path); ++i)
      path = base + number + "_" + std::to_string(i) + ending;
    write(path, said);
    added.fixtures.push_back(path);
  }
  open_.added.push_back(std::move(added));
}

void Recorder::keep(const app::TestStep& step, size_t index, const Heard& heard) {
  for (const auto& [node, visits] : heard) {
    const auto named =
        std::find_if(step.replies.begin(), step.replies.end(),
                     [&](const app::TestReplies& replies) { return replies.node == node; });
    if (named == step.replies.end())
      keep_new(node, index, visits);
    else
      keep_named(*named, visits);
  }
}

void Recorder::end(bool passed) {
  for (auto& [path, text] : open_.fixtures) {
    if (passed)
      done_.fixtures[path] = std::move(text);
    else
      values_.erase(path);
  }
  if (passed) std::move(open_.added.begin(), open_.added.end(), std::back_inserter(done_.added));
  open_ = {};
}

}  // namespace plenum::testing
