// How a text is cut before it is embedded.
#include "engine/nodes/chunks.h"

#include <catch2/catch.hpp>

#include "engine/base/utf8.h"

using namespace plenum;

namespace {

// The pieces, with | between.
std::string pieces(const std::string& text, int size, int overlap = 0) {
  std::string out;
  for (const std::string& piece : nodes::cut(text, {size, overlap}))
    out += (out.empty() ? "" : "|") + piece;
  return out;
}

size_t characters(const std::string& text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

}  // namespace

TEST_CASE("a short text is one chunk, an empty one none", "[nodes]") {
  CHECK(pieces("Hello.", 50) == "Hello.");
  CHECK(pieces("  Hello. \n\n", 50) == "Hello.");
  CHECK(pieces("", 50) == "");
  CHECK(pieces(" \n\t ", 50) == "");
  CHECK(pieces("12345", 5) == "12345");
}

TEST_CASE("it is cut behind a paragraph, else a sentence, else a word", "[nodes]") {
  CHECK(pieces("One two.\n\nThree. Four five", 20) == "One two.\n\nThree.|Four five");
  CHECK(pieces("One two three.\n\nFour. Five six", 24) == "One two three.|Four. Five six");
  CHECK(pieces("One two three. Four five", 20) == "One two three.|Four five");
  CHECK(pieces("one two three four", 10) == "one two|three four");
  CHECK(pieces("abcdefghij", 4) == "abcd|efgh|ij");
}

TEST_CASE("a chunk begins with the end of the one before, at a word", "[nodes]") {
  CHECK(pieces("one two three four five six", 14, 6) == "one two three|three four|four five six");
  CHECK(pieces("abcdefghij", 4, 2) == "abcd|cdef|efgh|ghij");
  // No word begins within the overlap: there is none.
  CHECK(pieces("one twothreefour five", 16, 4) == "one twothreefour|five");
}

TEST_CASE("characters stay whole, whatever they are made of", "[nodes]") {
  const std::string texts[] = {"ääääääääää", "日本語の文章です。次の文です。終わり", "a😀b😀c😀d😀e😀f",
                               "naïve façade — “quoted” text, again and again"};
  for (const std::string& text : texts)
    for (int size = 1; size < 12; ++size)
      for (int overlap = 0; overlap <= size / 2; ++overlap) {
        INFO(text << " " << size << " " << overlap);
        std::string all;
        for (const std::string& piece : nodes::cut(text, {size, overlap})) {
          CHECK(find_bad_utf8(piece) == std::string::npos);
          CHECK(characters(piece) <= static_cast<size_t>(size));
          CHECK_FALSE(piece.empty());
          all += piece;
        }
        for (const char c : text)
          if (c != ' ') CHECK(all.find(c) != std::string::npos);
      }
  CHECK(pieces("日本語。英語。", 5) == "日本語。|英語。");
}

TEST_CASE("a text without a place to break at is cut all the same", "[nodes]") {
  const std::string text(1'000'000, 'x');
  const std::vector<std::string> all = nodes::cut(text, {800, 100});
  CHECK(all.size() == 1'429);
  CHECK(all.front().size() == 800);
  CHECK(pieces("\n\n\n\na\n\n\n\n", 3) == "a");
  CHECK(pieces("a\n\nb\n\nc", 2, 1) == "a|b|c");
}

TEST_CASE("without overlap nothing is lost and nothing is said twice", "[nodes]") {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "word" + std::to_string(i) + (i % 9 ? " " : ".\n\n");
  std::string joined;
  const auto plain = [](std::string s) {
    std::erase_if(s, [](char c) { return c == ' ' || c == '\n'; });
    return s;
  };
  for (const std::string& piece : nodes::cut(text, {80, 0})) joined += piece;
  CHECK(plain(joined) == plain(text));
}
