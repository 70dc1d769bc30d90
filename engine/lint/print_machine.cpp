// The forms that programs read: json, sarif, github.
#include <nlohmann/json.hpp>

#include "engine/base/ids.h"
#include "engine/lint/check.h"
#include "engine/lint/fixes.h"
#include "engine/lint/print.h"

namespace plenum::lint {

namespace {

std::string path_of(const Diagnostic& finding) {
  return finding.span.file ? *finding.span.file : "";
}

std::string_view text_of(const Texts& texts, const Span& span) {
  const auto it = span.file ? texts.find(*span.file) : texts.end();
  return it == texts.end() ? std::string_view() : std::string_view(it->second);
}

Json place(const Position& position) {
  return {{"line", position.line}, {"column", position.column}};
}

Json fixes_of(const Diagnostic& finding, const Texts& texts) {
  Json fixes = Json::array();
  for (const Fix& fix : finding.fixes) {
    Json edits = Json::array();
    for (const Edit& edit : fix.edits)
      if (const auto bytes = bytes_of(edit.span, text_of(texts, edit.span)))
        edits.push_back({{"file", *edit.span.file},
                         {"begin", bytes->begin},
                         {"end", bytes->end},
                         {"text", edit.text}});
    fixes.push_back({{"title", fix.title}, {"safe", fix.safe}, {"edits", std::move(edits)}});
  }
  return fixes;
}

// The same mistake keeps its fingerprint when lines above it come or go.
std::string fingerprint(const Diagnostic& finding, const Texts& texts,
                        std::map<std::string, int>& seen) {
  const std::string_view text = text_of(texts, finding.span);
  std::string there;
  if (const auto bytes = bytes_of(finding.span, text))
    there = std::string(text.substr(bytes->begin, bytes->end - bytes->begin));
  const std::string what =
      finding.code + "\n" + path_of(finding) + "\n" + there + "\n" + finding.message;
  return sha256_hex(what + "\n" + std::to_string(seen[what]++)).substr(0, 32);
}

const char* level_of(Severity severity) {
  return severity == Severity::error ? "error" : severity == Severity::warning ? "warning" : "note";
}

Json rule_of(const Check& check) {
  return {{"id", check.code},
          {"shortDescription", {{"text", check.summary}}},
          {"fullDescription", {{"text", check.explanation}}},
          {"defaultConfiguration", {{"level", level_of(check.severity)}}}};
}

// SARIF columns count UTF-16 units unless told otherwise; `unicodeCodePoints` is told, so bytes are
// turned into letters.
int letters_before(const Texts& texts, const Span& span, const Position& position) {
  const auto bytes = bytes_of({span.file, {position.line, 1}, position}, text_of(texts, span));
  if (!bytes) return position.column;
  const std::string_view line =
      text_of(texts, span).substr(bytes->begin, bytes->end - bytes->begin);
  return 1 + static_cast<int>(std::count_if(line.begin(), line.end(),
                                            [](char c) { return (c & 0xC0) != 0x80; }));
}

// A path as a URI reference: what is not plain is escaped.
std::string uri_of(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (isalnum(static_cast<unsigned char>(c)) ||
        std::string_view("/._-~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      char hex[4];
      snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned char>(c));
      out += hex;
    }
  }
  return out;
}

Json region_of(const Diagnostic& finding, const Texts& texts) {
  const Span& span = finding.span;
  return {{"startLine", span.start.line},
          {"startColumn", letters_before(texts, span, span.start)},
          {"endLine", span.end.line},
          {"endColumn", letters_before(texts, span, span.end)}};
}

Json result_of(const Diagnostic& finding, const Texts& texts, std::map<std::string, int>& seen,
               const std::map<std::string, int>& index) {
  std::string message = finding.message;
  if (!finding.help.empty()) message += "\n\nHelp: " + finding.help;
  Json result = {
      {"ruleId", finding.code},
      {"level", level_of(finding.severity)},
      {"message", {{"text", message}}},
      {"locations",
       {{{"physicalLocation",
          {{"artifactLocation", {{"uri", uri_of(path_of(finding))}, {"uriBaseId", "SRCROOT"}}},
           {"region", region_of(finding, texts)}}}}}},
      {"partialFingerprints", {{"plenum/v1", fingerprint(finding, texts, seen)}}}};
  if (const auto it = index.find(finding.code); it != index.end()) result["ruleIndex"] = it->second;
  return result;
}

// Data and properties of a workflow command have escapes of their own.
std::string escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    if (c == '%')
      out += "%25";
    else if (c == '\n')
      out += "%0A";
    else if (c == '\r')
      out += "%0D";
    else if (property && c == ':')
      out += "%3A";
    else if (property && c == ',')
      out += "%2C";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string print_json(const std::vector<Diagnostic>& findings, const Texts& texts) {
  std::string out;
  for (const Diagnostic& finding : findings)
    out += to_text(Json{{"code", finding.code},
                        {"severity", word_for(finding.severity)},
                        {"file", path_of(finding)},
                        {"start", place(finding.span.start)},
                        {"end", place(finding.span.end)},
                        {"message", finding.message},
                        {"help", finding.help},
                        {"fixes", fixes_of(finding, texts)}}) +
           "\n";
  return out;
}

std::string print_sarif(const std::vector<Diagnostic>& findings, const Texts& texts) {
  Json rules = Json::array(), results = Json::array();
  std::map<std::string, int> index, seen;
  for (const Check& check : checks()) {
    index[check.code] = static_cast<int>(rules.size());
    rules.push_back(rule_of(check));
  }
  for (const Diagnostic& finding : findings)
    results.push_back(result_of(finding, texts, seen, index));
  Json run = {{"tool", {{"driver", {{"name", "plenum"}, {"rules", std::move(rules)}}}}},
              {"columnKind", "unicodeCodePoints"},
              {"results", std::move(results)}};
  return to_text(Json{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                      {"version", "2.1.0"},
                      {"runs", Json::array({std::move(run)})}}) +
         "\n";
}

std::string print_github(const std::vector<Diagnostic>& findings) {
  std::string out;
  for (const Diagnostic& finding : findings) {
    const Span& span = finding.span;
    const char* command = finding.severity == Severity::error     ? "error"
                          : finding.severity == Severity::warning ? "warning"
                                                                  : "notice";
    out += std::string("::") + command + " file=" + escaped(path_of(finding), true) +
           ",line=" + std::to_string(span.start.line) + ",col=" + std::to_string(span.start.column);
    // A range over several lines has no end column.
    out += span.end.line == span.start.line
               ? ",endColumn=" + std::to_string(std::max(span.end.column, span.start.column))
               : ",endLine=" + std::to_string(span.end.line);
    out += ",title=" + escaped(finding.code, true) + "::" + escaped(finding.message, false);
    if (!finding.help.empty()) out += escaped("\nhelp: " + finding.help, false);
    out += "\n";
  }
  return out;
}

}  // namespace plenum::lint
