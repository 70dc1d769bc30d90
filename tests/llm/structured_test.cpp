#include <catch2/catch.hpp>

#include "engine/llm/provider.h"

using namespace plenum;

namespace {

// The value and what was repaired: `{"a":1}`, `{"a":1} (code fence)`, or the error's code.
std::string read(const std::string& text) {
  const auto parsed = llm::read_structured(text);
  if (!parsed) return parsed.error().stable_code();
  return to_text(parsed->value) + (parsed->repaired.empty() ? "" : " (" + parsed->repaired + ")");
}

}  // namespace

TEST_CASE("a reply that is JSON is taken as it is", "[structured]") {
  CHECK(read(R"({"a":1})") == R"({"a":1})");
  CHECK(read("  \n{\n  \"a\": [1, 2]\n} \n ") == R"({"a":[1,2]})");
  CHECK(read("\xef\xbb\xbf{\"a\":1}") == R"({"a":1})");
  CHECK(read("\"text\"") == "\"text\"");
  CHECK(read("5") == "5");
  CHECK(read(R"({"code": "```json\n{}\n```"})") == R"({"code":"```json\n{}\n```"})");
}

TEST_CASE("a fence around the reply is taken off", "[structured]") {
  CHECK(read("```json\n{\"a\":1}\n```") == R"({"a":1} (code fence))");
  CHECK(read("```\n[1]\n```\n") == "[1] (code fence)");
  CHECK(read("```JSON {\"a\":1}```") == R"({"a":1} (code fence))");
  CHECK(read("```json\n{\"a\":\"```\"}\n```") == R"({"a":"```"} (code fence))");
  CHECK(read("```json\n{\"a\":1}") == R"({"a":1} (code fence))");
}

TEST_CASE("text around the value is left out", "[structured]") {
  CHECK(read("Here it is:\n{\"a\":1}") == R"({"a":1} (text around it))");
  CHECK(read("{\"a\":1}\nAnything else?") == R"({"a":1} (text around it))");
  CHECK(read("Sure!\n```json\n{\"a\":1}\n```\nDone.") == R"({"a":1} (code fence, text around it))");
  CHECK(read("I use {braces} and [brackets], see: {\"a\":{\"b\":[1]}} :)") ==
        R"({"a":{"b":[1]}} (text around it))");
  CHECK(read("As in [1], the answer is {\"answer\":\"42\"}") ==
        R"({"answer":"42"} (text around it))");
  CHECK(read("She said \" and then {\"a\":\"}\"}") == R"({"a":"}"} (text around it))");
}

TEST_CASE("trailing commas are left out, but not those in texts", "[structured]") {
  CHECK(read(R"({"a":[1,2,],"b":"x,]",})") == R"({"a":[1,2],"b":"x,]"} (trailing commas))");
  CHECK(read("```json\n{\"a\":1,\n}\n```") == R"({"a":1} (code fence, trailing commas))");
  CHECK(read(R"({"a":"\",}",})") == R"({"a":"\",}"} (trailing commas))");
  CHECK(read("[1,,2]") == "not_json");
}

TEST_CASE("what is no JSON is an error that quotes nothing", "[structured]") {
  for (const char* text :
       {"", " ", "Sorry, I can't help.", "{'a': 1}", "{\"a\": ", "```json\n```", "{]", "nul",
        "{{{{", "[[[[\"", "\\", "\"", "{\"a\":1} {\"a\"", "{\"secret"}) {
    INFO(text);
    const auto parsed = llm::read_structured(text);
    if (std::string(text) == "{\"a\":1} {\"a\"") {
      CHECK(read(text) == R"({"a":1} (text around it))");
      continue;
    }
    REQUIRE(!parsed);
    CHECK(parsed.error().kind == Kind::invalid);
    CHECK(parsed.error().code == "not_json");
    CHECK(parsed.error().message.find("Sorry") == std::string::npos);
    CHECK(parsed.error().message.find("secret") == std::string::npos);
  }
  CHECK(llm::read_structured("{\"a\": [1").error().message ==
        "the model's answer is not JSON: it ends in the middle");
  CHECK(llm::read_structured("").error().message == "the model's answer is not JSON: it is empty");
}

TEST_CASE("hostile replies cost a bounded amount of work", "[structured]") {
  CHECK(read(std::string(1'000'000, '{')) == "not_json");
  CHECK(read(std::string(1'000'000, '[') + std::string(1'000'000, ']')) == "not_json");
  std::string openers;
  for (int i = 0; i < 200'000; ++i) openers += "{x} ";
  CHECK(read(openers) == "not_json");
  CHECK(read(std::string(20'000'000, ' ') + "{") == "not_json");
  std::string commas = "[";
  for (int i = 0; i < 200'000; ++i) commas += ", ";
  CHECK(read(commas + "]") == "not_json");
}
