// Reads one document.  The parser stops at the first syntax error; where the mistake is a text that
// lacks its quotes, that text is taken as the author meant it and the file is read again, so that
// one run tells all such mistakes and the caller gets the tree that the author had in mind.
#include "engine/yaml/yaml.h"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>

#include "engine/base/utf8.h"
#include "engine/yaml/builder.h"

namespace plenum::yaml {

namespace {

constexpr size_t kBytes = 1 << 20;
constexpr int kReadings = 40;  // one mended slip each
constexpr size_t kBytesRead =
    8u << 20;  // in all of them: a large file with many slips tells the first ones

// What follows the document: a second one is a mistake.
class Rest final : public YAML::EventHandler {
 public:
  explicit Rest(const Source& source) : source_(source) {}
  void OnDocumentStart(const YAML::Mark& mark) override {
    const size_t at = std::min(static_cast<size_t>(std::max(mark.pos, 0)), source_.size());
    if (source_.between(at, at + 3) == "---")
      throw Slip{at,
                 at + 3,
                 "Y010",
                 "a second document begins here; a file holds one",
                 "split the file in two, or remove the `---`",
                 false};
    throw Slip{at,
               source_.line_end(at),
               "Y013",
               "this does not belong to the value above, which is complete",
               "give the file one map of keys and values",
               false};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  const Source& source_;
};

// The slip that ended the reading, or nullopt.
std::optional<Slip> read_once(const Source& source, Builder& builder) {
  std::istringstream stream(source.text());
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return {};
    Rest rest(source);
    parser.HandleNextDocument(rest);
  } catch (const Slip& slip) {
    return slip;
  } catch (const YAML::Exception& e) {
    const size_t at = e.mark.pos < 0 ? source.size() : static_cast<size_t>(e.mark.pos);
    return explain(source, at, e.msg, builder.reached());
  }
  return {};
}

bool is_control(unsigned char c) {
  return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
}

std::optional<Slip> unreadable(const Source& source) {
  if (source.size() > kBytes)
    return Slip{0, 0, "Y012", "the file is larger than 1 MiB", "split it; `use:` joins the parts"};
  if (const size_t bad = find_bad_utf8(source.text()); bad != std::string::npos)
    return Slip{bad, bad + 1, "Y012", "the file is not UTF-8 here",
                "save it with the encoding UTF-8"};
  const std::string& text = source.text();
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_control(static_cast<unsigned char>(text[i])))
      return Slip{i, i + 1, "Y012", "a control character stands here",
                  "remove it; in double quotes write `\\x..`"};
    if (text[i] == '\r' && source[i + 1] != '\n')
      return Slip{i, i + 1, "Y012", "a carriage return stands here without a line feed",
                  "save the file with line ends of Unix or Windows"};
  }
  return {};
}

void tell(const Source& source, const Slip& slip, Report& report) {
  report.error(slip.code, source.span(slip.begin, slip.end), slip.message, slip.help);
}

// What was found on the way to a syntax error may be its consequence; what stands well before it is
// not.
void tell(const Source& source, const Builder& builder, size_t limit, Report& report) {
  for (const Finding& f : builder.findings())
    if (f.begin < limit) report.error(f.code, source.span(f.begin, f.end), f.message, f.help);
}

bool can_mend(const Slip& slip, const Source& source) {
  return slip.mend && slip.begin < slip.end && slip.end <= source.line_end(slip.begin);
}

}  // namespace

std::optional<Node> parse(std::string file, std::string_view text, Report& report) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Source source(std::move(file), text.substr(0, kBytes + 1));
  if (const auto slip = unreadable(source)) return tell(source, *slip, report), std::nullopt;
  Mends mends;
  for (int reading = 1;; ++reading) {
    Builder builder(source, mends);
    const std::optional<Slip> slip = read_once(source, builder);
    if (!slip) {
      tell(source, builder, source.size() + 1, report);
      Node root = std::move(builder).take();
      if (!root.span.known()) root.span = source.span(0, 0);
      return root;
    }
    const bool again =
        mends.contains(slip->begin);  // the mending itself does not fit: told already
    if (!again) tell(source, *slip, report);
    const bool enough = reading == kReadings || reading * source.size() > kBytesRead;
    if (again || enough || !can_mend(*slip, source)) {
      const size_t bracket = builder.reached().bracket.value_or(slip->begin);
      tell(source, builder, source.line_begin(std::min(slip->begin, bracket)), report);
      return std::nullopt;
    }
    mends[slip->begin] = {slip->end, std::string(source.between(slip->begin, slip->end))};
    source.blot_out(slip->begin, slip->end);
  }
}

}  // namespace plenum::yaml
