#include "tools/try.h"

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace plenum::tools {

namespace {
// What a developer hands in is his own: larger than what a stranger may send.
constexpr JsonLimits kOwnData{64u << 20, 512, 10'000'000, 32u << 20, 1'000'000};
}  // namespace

Result<std::string> file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail(Kind::not_found, "the file `" + path + "` cannot be read");
  return text.str();
}

Result<Json> data_argument(const std::string& text) {
  if (text.empty()) return Json(Json::object());
  const size_t first = text.find_first_not_of(" \t\r\n");
  const bool literal =
      first != std::string::npos &&
      std::string_view("{[\"-0123456789tfn").find(text[first]) != std::string_view::npos;
  if (literal)
    if (Result<Json> value = parse_json(text, kOwnData);
        value || text[first] == '{' || text[first] == '[')
      return value;
  const std::string content = TRY(file_text(text));
  Result<Json> value = parse_json(content, kOwnData);
  if (!value) return fail(std::move(value).error().during(text));
  return value;
}

int batch(const std::function<Json(const Json&)>& answer) {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const Result<Json> request = parse_json(line, kOwnData);
    const Json reply = request
                           ? answer(*request)
                           : Json{{"error", "the line is not JSON: " + request.error().message}};
    std::cout << to_text(reply) << '\n';
  }
  std::cout.flush();
  return 0;
}

int complain(const std::string& command, const std::string& message) {
  fprintf(stderr, "plenum %s: %s\n", command.c_str(), message.c_str());
  return 2;
}

}  // namespace plenum::tools
