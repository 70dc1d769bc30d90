// Writes a text that matches a regular expression: alternatives, groups, classes, repetition,
// anchors.
//
// A pattern is read once per attempt and written out on the way; RE2 has the last word, so a
// construct that is read wrongly here costs an attempt, never a wrong example.
#include "engine/llm/pattern_text.h"

#include <re2/re2.h>

namespace plenum::llm {
namespace {

class Writer {
 public:
  // `extra` is added to what open-ended repetitions do at least.
  Writer(std::string_view pattern, uint64_t seed, size_t extra)
      : in_(pattern), seed_(seed), extra_(extra) {}

  std::optional<std::string> write() {
    std::string out = alternatives();
    if (!good_ || at_ != in_.size()) return std::nullopt;
    return out;
  }

 private:
  bool more() const { return good_ && at_ < in_.size(); }
  bool accept(char c) {
    if (!more() || in_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::string alternatives() {
    if (++depth_ > 32) good_ = false;
    std::vector<std::string> all = {sequence()};
    while (accept('|')) all.push_back(sequence());
    --depth_;
    return all[seed_ % all.size()];
  }

  std::string sequence() {
    std::string out;
    while (more() && in_[at_] != '|' && in_[at_] != ')') {
      const size_t start = at_;
      std::string once = atom();
      const size_t after = at_;
      const size_t count = repetitions();
      const size_t end = at_;
      if (count > 0) out += once;
      for (size_t i = 1; i < count && good_;
           ++i) {  // once more, with its own choices of characters
        at_ = start;
        out += atom();
        at_ = after;
      }
      at_ = end;
      if (out.size() > 4096) good_ = false;
    }
    return out;
  }

  size_t repetitions() {
    if (accept('*')) return lazy(extra_);
    if (accept('+')) return lazy(1 + extra_);
    if (accept('?')) return lazy(extra_ > 0);
    if (!more() || in_[at_] != '{') return 1;
    ++at_;
    const size_t least = number();
    size_t most = least;
    if (accept(',')) most = more() && in_[at_] == '}' ? least + extra_ : number();
    good_ = good_ && accept('}') && least <= 1000;
    return lazy(std::min(most, least + extra_));
  }
  size_t lazy(size_t count) {
    accept('?');
    return count;
  }
  size_t number() {
    size_t value = 0;
    for (; more() && std::isdigit(static_cast<unsigned char>(in_[at_])) && value < 10'000; ++at_)
      value = value * 10 + (in_[at_] - '0');
    return value;
  }

  std::string atom() {
    const char c = in_[at_++];
    if (c == '(') return group();
    if (c == '[') return one_of(char_class());
    if (c == '\\') return escape();
    if (c == '^' || c == '$') return "";
    if (c == '.') return one_of(kWord);
    if (c == '*' || c == '+' || c == '?') good_ = false;
    return std::string(1, c);
  }

  std::string group() {
    if (accept('?')) {
      if (accept('P') || (more() && in_[at_] == '<')) {
        const size_t end = in_.find('>', at_);
        good_ = good_ && end != in_.npos;
        at_ = end + 1;
      } else {
        good_ = good_ && accept(':');
      }
    }
    std::string out = good_ ? alternatives() : "";
    good_ = good_ && accept(')');
    return out;
  }

  std::string escape() {
    if (!more()) return good_ = false, "";
    const char c = in_[at_++];
    if (c == 'b' || c == 'A' || c == 'z') return "";
    return one_of(escaped(c));
  }

  std::string escaped(char c) {
    if (c == 'd') return "123456789";
    if (c == 'w') return std::string(kWord);
    if (c == 's') return " ";
    if (c == 'S' || c == 'D' || c == 'W') return c == 'W' ? "-" : std::string(kWord);
    if (c == 'n') return "\n";
    if (c == 't') return "\t";
    if (std::isalnum(static_cast<unsigned char>(c))) good_ = false;
    return std::string(1, c);
  }

  std::string char_class() {
    const bool negated = accept('^');
    std::string members;
    for (bool first = true; more() && (first || in_[at_] != ']'); first = false) {
      std::string part = in_[at_] == '\\' && at_ + 1 < in_.size() ? (++at_, escaped(in_[at_]))
                                                                  : std::string(1, in_[at_]);
      ++at_;
      if (part.size() == 1 && at_ + 1 < in_.size() && in_[at_] == '-' && in_[at_ + 1] != ']') {
        const unsigned char from = part[0], to = in_[at_ + 1];
        at_ += 2;
        for (int c = from + 1; c <= to && c < 0x7f; ++c) part += static_cast<char>(c);
      }
      members += part;
    }
    good_ = good_ && accept(']');
    if (!negated) return members;
    std::string others;
    for (const char c : std::string(kWord) + "0123456789-_ .,")
      if (members.find(c) == members.npos) others += c;
    return others;
  }

  std::string one_of(std::string_view members) {
    if (members.empty()) return good_ = false, "";
    return std::string(1, members[(seed_ + written_++) % members.size()]);
  }

  static constexpr std::string_view kWord = "abcdefghijklmnopqrstuvwxyz";
  const std::string_view in_;
  const uint64_t seed_;
  const size_t extra_;
  size_t at_ = 0;
  size_t written_ = 0;
  int depth_ = 0;
  bool good_ = true;
};

}  // namespace

std::optional<std::string> text_matching(std::string_view pattern, size_t least, size_t most,
                                         uint64_t seed) {
  const RE2 judge(re2::StringPiece(pattern.data(), pattern.size()), RE2::Quiet);
  if (!judge.ok()) return std::nullopt;
  for (size_t extra : {size_t{3}, size_t{0}, size_t{1}, least, least + 1}) {
    if (extra > 2000) continue;
    for (uint64_t turn = 0; turn < 3; ++turn) {
      std::optional<std::string> text = Writer(pattern, seed + turn, extra).write();
      if (text && text->size() >= least && text->size() <= most && RE2::PartialMatch(*text, judge))
        return text;
    }
  }
  return std::nullopt;
}

}  // namespace plenum::llm
