// Makes the tree from the parser's events and finds the mistakes that the parser lets pass.
#pragma once

#include <yaml-cpp/eventhandler.h>

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/yaml/slips.h"
#include "engine/yaml/source.h"
#include "engine/yaml/yaml.h"

namespace plenum::yaml {

// Mended slips: where each begins, where it ends, and what the author wrote there.
struct Mended {
  size_t end;
  std::string text;
};
using Mends = std::map<size_t, Mended>;

// A finding with its offset, so that what a later syntax error made doubtful can be dropped.
struct Finding {
  size_t begin, end;
  std::string code, message, help;
};

// Throws a Slip where reading cannot go on.
class Builder final : public YAML::EventHandler {
 public:
  Builder(const Source& source, const Mends& mends) : source_(source), mends_(mends) {}

  const std::vector<Finding>& findings() const { return findings_; }
  Reached reached() const;
  Node take() && { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    size_t begin = 0;
    bool flow = false;
    bool has_key = false;  // the next node is its value
    bool drop = false;     // a value whose key is a mistake
    size_t key_begin = 0, key_end = 0;
    std::string key;
    std::unordered_map<std::string, Position> seen;
    size_t last_begin = 0, last_end = 0;  // the last plain value, for what a comma cut off
  };

  bool wants_key() const;
  bool in_flow() const { return !frames_.empty() && frames_.back().flow; }
  void error(size_t begin, size_t end, std::string code, std::string message, std::string help);
  size_t skip_properties(size_t at);
  void open(Node::Kind kind, size_t at, YAML::EmitterStyle::value style);
  void close();
  void take_scalar(Node node, size_t begin, size_t end);
  void take_key(Node node, size_t begin, size_t end);
  void take_value(Node node);
  void take_missing_value();
  void refuse_lone_key(Frame& frame);
  [[noreturn]] void refuse_key(size_t begin);
  bool is_null_word(size_t at) const;
  void check_quotes(const Node& node, size_t begin, size_t end, bool closed);
  void check_plain_end(const Node& node, size_t begin, size_t end);

  const Source& source_;
  const Mends& mends_;
  Node root_;
  std::vector<Frame> frames_;
  std::vector<Finding> findings_;
  size_t cursor_ = 0;  // behind the last thing that was read
  size_t word_ = 0;    // where the last scalar begins
  bool is_block_text_ = false;
};

}  // namespace plenum::yaml
