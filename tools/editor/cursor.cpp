#include "tools/editor/cursor.h"

#include "engine/nodes/nodes.h"

namespace plenum::editor {

namespace {

// Reads up to the cursor, keeping what is open: keys by their indentation, braces by their order.
class Scan {
 public:
  void line(std::string_view text, bool last) {
    if (flow_.empty()) {
      const size_t indent = std::min(text.find_first_not_of(' '), text.size());
      const bool blank = indent == text.size() || text[indent] == '#';
      if (scalar_ >= 0 && (blank || static_cast<int>(indent) > scalar_) && !last) return;
      if (blank && !last) return;
      scalar_ = -1;
      close(static_cast<int>(indent));
      begin(text, indent);
    } else {
      flow(text, 0);
    }
    if (!last && flow_.empty()) token_.clear();
  }

  Cursor result() const {
    Cursor cursor;
    for (const Open& open : block_) cursor.path.push_back(open.key);
    for (const Flow& flow : flow_)
      if (flow.list)
        cursor.path.push_back("#");
      else if (!flow.key.empty())
        cursor.path.push_back(flow.key);
    cursor.in_value = flow_.empty() ? in_value_ : flow_.back().list || !flow_.back().key.empty();
    cursor.word = token_;
    while (cursor.word.starts_with(' ')) cursor.word.erase(0, 1);
    return cursor;
  }

 private:
  struct Open {
    int indent;
    std::string key;
  };
  struct Flow {
    bool list;
    std::string key;
  };

  void close(int indent) {
    while (!block_.empty() && block_.back().indent >= indent) block_.pop_back();
  }

  // "- - key: value"
  void begin(std::string_view text, size_t at) {
    in_value_ = false;
    token_.clear();
    while (at + 1 < text.size() && text[at] == '-' && text[at + 1] == ' ') {
      block_.push_back({static_cast<int>(at), "#"});
      at = std::min(text.find_first_not_of(' ', at + 1), text.size());
    }
    if (at < text.size() && text[at] != '{' && text[at] != '[') {
      const size_t colon = key_end(text, at);
      if (colon == text.npos) {
        token_ = std::string(text.substr(at));
        return;
      }
      block_.push_back({static_cast<int>(at), unquoted(text.substr(at, colon - at))});
      in_value_ = true;
      const size_t value = std::min(text.find_first_not_of(' ', colon + 1), text.size());
      if (value < text.size() && (text[value] == '|' || text[value] == '>'))
        scalar_ = static_cast<int>(at);
      at = value;
    }
    if (at < text.size() && (text[at] == '{' || text[at] == '['))
      flow(text, at);
    else
      token_ = std::string(text.substr(at));
  }

  static size_t key_end(std::string_view text, size_t at) {
    for (size_t i = at; i < text.size(); ++i)
      if (text[i] == ':' && (i + 1 == text.size() || text[i + 1] == ' ')) return i;
    return text.npos;
  }

  static std::string unquoted(std::string_view text) {
    if (text.size() > 1 && (text.front() == '"' || text.front() == '\''))
      text = text.substr(1, text.size() - 2);
    return std::string(text);
  }

  void flow(std::string_view text, size_t at) {
    for (; at < text.size(); ++at) {
      const char c = text[at];
      if (quote_) {
        if (c == quote_) quote_ = 0;
        token_ += c;
      } else if ((c == '"' || c == '\'') && token_.find_first_not_of(' ') == token_.npos) {
        quote_ = c;
        token_ += c;
      } else if (c == '{' || c == '[') {
        flow_.push_back({c == '[', ""});
        token_.clear();
      } else if (c == '}' || c == ']') {
        if (!flow_.empty()) flow_.pop_back();
        token_.clear();
        if (flow_.empty()) return;
      } else if (c == ',') {
        if (!flow_.empty()) flow_.back().key.clear();
        token_.clear();
      } else if (c == ':' && !flow_.empty() && !flow_.back().list && flow_.back().key.empty() &&
                 (at + 1 == text.size() || text[at + 1] == ' ')) {
        const size_t first = std::min(token_.find_first_not_of(' '), token_.size());
        flow_.back().key = unquoted(std::string_view(token_).substr(first));
        token_.clear();
      } else {
        token_ += c;
      }
    }
  }

  std::vector<Open> block_;
  std::vector<Flow> flow_;
  std::string token_;
  bool in_value_ = false;
  char quote_ = 0;
  int scalar_ = -1;  // indentation of the key whose block scalar is being passed
};

}  // namespace

Cursor cursor_at(std::string_view text, Position position) {
  Scan scan;
  for (int line = 1; line <= position.line; ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view one = text.substr(0, end);
    if (one.ends_with('\r')) one.remove_suffix(1);
    const bool last = line == position.line;
    if (last) one = one.substr(0, static_cast<size_t>(std::max(0, position.column - 1)));
    scan.line(one, last);
    if (end == text.size()) break;
    text.remove_prefix(end + 1);
  }
  return scan.result();
}

Inside inside(const std::vector<std::string>& path) {
  const auto is = [&](size_t i, std::string_view key) { return i < path.size() && path[i] == key; };
  Inside at{"an app file", false};
  for (size_t i = 0; i < path.size(); ++i) {
    const std::string& key = path[i];
    if (at.place == "an app file") {
      static const std::map<std::string, std::string> kNamed = {
          {"models", "a model"}, {"tools", "a tool"},   {"collections", "a collection"},
          {"graphs", "a graph"}, {"routes", "a route"}, {"env", "a variable of `env`"},
          {"tests", "a test"}};
      if (const auto it = kNamed.find(key); it != kNamed.end()) {
        if (++i >= path.size()) return {};  // the names are the author's
        at.place = it->second;
      } else {
        at.place = key == "limits" || key == "access" ? "`" + key + "`" : "";
      }
    } else if (at.place == "a graph" && key == "nodes") {
      at.place = is(++i, "#") ? "a node" : "";
    } else if (at.place == "a tool") {
      at = app::find_kind(nodes::kinds(), key) ? Inside{key, true} : Inside{"", false};
    } else if (at.place == "a node") {
      if (app::find_kind(nodes::kinds(), key))
        at = {key, true};
      else if (key == "next")
        at.place = is(++i, "#") ? "an edge of `next`" : "";
      else
        at.place = key == "retry" || key == "cache" || key == "on_error" || key == "progress"
                       ? "`" + key + "`"
                       : "";
    } else if (at.kind && key == "do" && is(i + 1, "#")) {
      at = {"a node", false};
      ++i;
    } else if (at.kind && key == "branches" && is(i + 2, "#")) {
      at = {"a node", false};
      i += 2;
    } else if (at.place == "a route") {
      if (key == "files" && ++i >= path.size()) return {};
      at.place = key == "files" ? "a file" : key == "job" ? "`job`" : "";
    } else if (at.place == "a test") {
      if (key == "steps") ++i;
      at.place = key == "steps" ? "a step of a test" : key == "user" ? "`user` of a test" : "";
    } else {
      return {};
    }
  }
  return at;
}

}  // namespace plenum::editor
