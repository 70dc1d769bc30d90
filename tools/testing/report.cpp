#include "tools/testing/report.h"

namespace plenum::testing {

namespace {

std::string seconds(double time) {
  char text[32];
  snprintf(text, sizeof text, "%.3f", time);
  return text;
}

size_t failed(const AppResult& app) {
  size_t count = 0;
  for (const CaseResult& test : app.cases) count += !test.failures.empty();
  return count;
}

double time_of(const AppResult& app) {
  double sum = 0;
  for (const CaseResult& test : app.cases) sum += test.seconds;
  return sum;
}

// XML 1.0 has no form for most control characters.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t')
      out += ' ';
    else
      out += c;
  }
  return out;
}

// Lines behind the first stand under it.
std::string indented(const std::string& text, const std::string& by) {
  std::string out = by;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += by;
  }
  return out;
}

}  // namespace

size_t failed(const std::vector<AppResult>& apps) {
  size_t count = 0;
  for (const AppResult& app : apps) count += failed(app);
  return count;
}

std::string human(const std::vector<AppResult>& apps) {
  std::string text;
  for (const AppResult& app : apps) {
    for (const CaseResult& test : app.cases) {
      if (test.failures.empty()) continue;
      text += "FAILED " + app.app + ": " + test.name + "\n";
      for (const std::string& failure : test.failures) text += indented(failure, "  ") + "\n";
    }
    const size_t wrong = failed(app);
    text += app.app + ": " + std::to_string(app.cases.size() - wrong) + " passed" +
            (wrong ? ", " + std::to_string(wrong) + " failed" : "") + " in " +
            seconds(time_of(app)) + " s\n";
    for (const std::string& line : app.coverage) text += "  " + line + "\n";
  }
  return text;
}

std::string junit(const std::vector<AppResult>& apps) {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const AppResult& app : apps) {
    text += "  <testsuite name=\"" + escaped(app.app) + "\" tests=\"" +
            std::to_string(app.cases.size()) + "\" failures=\"" + std::to_string(failed(app)) +
            "\" time=\"" + seconds(time_of(app)) + "\">\n";
    for (const CaseResult& test : app.cases) {
      text += "    <testcase classname=\"" + escaped(app.app) + "\" name=\"" + escaped(test.name) +
              "\" time=\"" + seconds(test.seconds) + "\"";
      if (test.failures.empty()) {
        text += "/>\n";
        continue;
      }
      std::string all;
      for (const std::string& failure : test.failures) all += failure + "\n";
      const std::string first = test.failures[0].substr(0, test.failures[0].find('\n'));
      text += ">\n      <failure message=\"" + escaped(first) + "\">" + escaped(all) +
              "</failure>\n    </testcase>\n";
    }
    text += "  </testsuite>\n";
  }
  return text + "</testsuites>\n";
}

}  // namespace plenum::testing
