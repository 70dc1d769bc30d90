// Ids, digests, times, findings and types: the small values that every part shares.
#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/diagnostic.h"
#include "engine/base/ids.h"
#include "engine/base/result.h"
#include "engine/base/secret.h"
#include "engine/base/type.h"
#include "engine/base/utf8.h"

using plenum::Report;
using plenum::Span;
using plenum::Type;

TEST_CASE("ids have their shape, and no two are the same", "[ids]") {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = plenum::new_id("run");
    if (!plenum::is_id(id, "run")) FAIL(id);
    seen.insert(id);
  }
  CHECK(seen.size() == 10'000);
  const std::string id = plenum::new_id("run");
  CHECK(id.size() == 4 + 5 + 26);
  CHECK_FALSE(plenum::is_id(id, "job"));
  CHECK_FALSE(plenum::is_id(id, "ru"));
  CHECK_FALSE(plenum::is_id(id + "0", "run"));
  CHECK_FALSE(plenum::is_id(id.substr(0, id.size() - 1) + "u", "run"));
  CHECK_FALSE(plenum::is_id(id.substr(0, id.size() - 1) + "A", "run"));
  CHECK_FALSE(plenum::is_id("", "run"));
  CHECK_FALSE(plenum::is_id("run", "run"));
  CHECK_FALSE(plenum::is_id("run-" + std::string(31, 'a'), "run"));
  for (size_t letters = 0; letters < 40; ++letters)
    CHECK(plenum::is_id("run_" + std::string(letters, 'a'), "run") ==
          (letters == 26 || letters == 31));
}

TEST_CASE("ids that are made together stand together, and share nothing else", "[ids]") {
  std::set<std::string> neighbourhoods, random;
  for (int i = 0; i < 2'000; ++i) {
    const std::string id = plenum::new_id("run");
    neighbourhoods.insert(id.substr(4, 5));
    random.insert(id.substr(9, 8));  // 40 bits: two are the same once in half a million test runs
  }
  CHECK(neighbourhoods.size() >= 10);  // one may have begun before
  CHECK(neighbourhoods.size() <= 11);
  CHECK(random.size() == 2'000);
}

TEST_CASE("a process that was forked makes ids of its own", "[ids]") {
  (void)plenum::new_id("run");  // there is something to inherit
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::string id = plenum::new_id("run");
    _exit(write(ends[1], id.data(), id.size()) == static_cast<ssize_t>(id.size()) ? 0 : 1);
  }
  char theirs[35];
  REQUIRE(read(ends[0], theirs, sizeof theirs) == sizeof theirs);
  waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
  const std::string ours = plenum::new_id("run");
  CHECK(ours.substr(9) != std::string(theirs, sizeof theirs).substr(9));
}

TEST_CASE("digests agree with their published examples", "[ids]") {
  CHECK(plenum::sha256_hex("") ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(plenum::sha256_hex("abc") ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(plenum::hmac_sha256_hex("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(plenum::equal_in_constant_time("secret", "secret"));
  CHECK_FALSE(plenum::equal_in_constant_time("secret", "secreT"));
  CHECK_FALSE(plenum::equal_in_constant_time("secret", "secret "));
  CHECK(plenum::equal_in_constant_time("", ""));
  CHECK(plenum::base64("") == "");
  CHECK(plenum::base64("f") == "Zg==");
  CHECK(plenum::base64("foob") == "Zm9vYg==");
  CHECK(plenum::base64("foobar") == "Zm9vYmFy");
  CHECK(plenum::random_bytes(32).size() == 32);
  CHECK(plenum::random_bytes(32) != plenum::random_bytes(32));
}

TEST_CASE("times are written in UTC with milliseconds, also before 1970", "[clock]") {
  CHECK(plenum::rfc3339(0) == "1970-01-01T00:00:00.000Z");
  CHECK(plenum::rfc3339(1'795'253'400'123) == "2026-11-21T09:30:00.123Z");
  CHECK(plenum::rfc3339(951'782'399'999) == "2000-02-28T23:59:59.999Z");
  CHECK(plenum::rfc3339(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(plenum::rfc3339(-1'000) == "1969-12-31T23:59:59.000Z");
  CHECK(plenum::rfc3339(INT64_MIN) == "-292275055-05-16T16:47:04.192Z");
  CHECK(plenum::rfc3339(INT64_MAX) == "292278994-08-17T07:12:55.807Z");
  CHECK(plenum::rfc3339(951'782'400'000) == "2000-02-29T00:00:00.000Z");
  CHECK(plenum::rfc3339(-1) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("the system's clocks run forward", "[clock]") {
  const plenum::SystemClock clock;
  const plenum::Millis wall = clock.now(), mono = clock.monotonic();
  CHECK(wall > 1'700'000'000'000);
  CHECK(clock.monotonic() >= mono);
}

TEST_CASE("the nearest word is found, and none when all are far", "[diagnostic]") {
  const std::vector<std::string> words = {"analysis", "model", "models", "when", "to", "run"};
  CHECK(plenum::nearest("analyis", words) == "analysis");
  CHECK(plenum::nearest("anaylsis", words) == "analysis");  // swapped neighbours
  CHECK(plenum::nearest("modell", words) == "model");
  CHECK(plenum::nearest("mdoels", words) == "models");
  CHECK(plenum::nearest("wehn", words) == "when");
  CHECK(plenum::nearest("too", words) == "to");
  CHECK(plenum::nearest("rnu", words) == "run");
  CHECK(plenum::nearest("xyz", words).empty());
  CHECK(plenum::nearest("if", words).empty());
  CHECK(plenum::nearest("anything", {}).empty());
  CHECK(plenum::nearest(std::string(100'000, 'a'), words).empty());
}

TEST_CASE("quoted text is one short line", "[diagnostic]") {
  CHECK(plenum::quote("a b") == "`a b`");
  CHECK(plenum::quote("a\nb\x01\x7f") == "`a\\nb??`");
  CHECK(plenum::quote("") == "``");
  CHECK(plenum::quote(std::string_view("ü")) == "`ü`");
  std::string umlauts;
  for (int i = 0; i < 61; ++i) umlauts += "ü";
  CHECK(plenum::quote(umlauts) == "`" + umlauts.substr(2) + "…`");
  CHECK(plenum::quote(umlauts.substr(2)) == "`" + umlauts.substr(2) + "`");
}

TEST_CASE("words are listed as people list them", "[diagnostic]") {
  CHECK(plenum::any_of({}).empty());
  CHECK(plenum::any_of({"a"}) == "a");
  CHECK(plenum::any_of({"a", "b"}) == "a or b");
  CHECK(plenum::any_of({"a", "b", "c"}) == "a, b or c");
}

TEST_CASE("a report sorts by place and keeps one finding once", "[diagnostic]") {
  const auto a = std::make_shared<const std::string>("a.yaml");
  const auto b = std::make_shared<const std::string>("b.yaml");
  Report report;
  CHECK(report.empty());
  report.warning("R205", Span{b, {1, 1}, {1, 2}}, "unused");
  CHECK_FALSE(report.has_errors());
  report.error("Y001", Span{a, {2, 3}, {2, 4}}, "twice", "once");
  report.error("Y001", Span{a, {2, 3}, {2, 9}}, "twice", "once");
  report.advice("J703", Span{a, {2, 1}, {2, 2}}, "order");
  CHECK(report.has_errors());
  std::string text;
  for (const auto& finding : report.sorted()) text += to_text(finding) + "\n";
  CHECK(text ==
        "a.yaml:2:1: advice[J703]: order\n"
        "a.yaml:2:3: error[Y001]: twice\n  help: once\n"
        "b.yaml:1:1: warning[R205]: unused\n");
  CHECK(Span{}.place() == "?:0:0");
}

TEST_CASE("an error gathers what was being done, outermost first", "[result]") {
  plenum::Error error = plenum::fail(plenum::Kind::timeout, "no answer").value();
  error = std::move(error).during("asking openai");
  error = std::move(error).during("node extract");
  CHECK(error.trail == "node extract: asking openai");
  CHECK(error.stable_code() == "timeout");
  error.code = "model_timeout";
  CHECK(error.stable_code() == "model_timeout");
}

TEST_CASE("UTF-8 is well formed or not at the exact byte", "[utf8]") {
  CHECK(plenum::find_bad_utf8("plain, ü, €, 🙂") == std::string_view::npos);
  CHECK(plenum::find_bad_utf8("ab\xE2\x82") == 2);
  CHECK(plenum::find_bad_utf8("\xED\x9F\xBF\xED\xA0\x80") == 3);
  CHECK(plenum::find_bad_utf8("\xF4\x8F\xBF\xBF\xF4\x90\x80\x80") == 4);
  CHECK(plenum::utf8_length("", 0) == 0);
  for (const char32_t point : {U'a', U'ü', U'€', U'🙂', char32_t(0x10FFFF), char32_t(0)}) {
    std::string text;
    plenum::append_utf8(text, point);
    CHECK(plenum::utf8_length(text, 0) == text.size());
  }
}

TEST_CASE("a type says what it is in the words of the app language", "[type]") {
  CHECK(Type().text() == "any");
  CHECK(Type::list(Type::Kind::string).nullable().text() == "list<string> or null");
  CHECK(Type::map(Type::Kind::integer).text() == "map<string, integer>");
  CHECK(Type::object({{"a", {Type::Kind::string}}}).text() == "object");
  CHECK_FALSE(Type().nullable().is_nullable());
}

TEST_CASE("a value fits where its type is wanted, or where that is possible", "[type]") {
  const Type text = Type::Kind::string, whole = Type::Kind::integer, number = Type::Kind::number;
  CHECK(text.fits(text));
  CHECK_FALSE(text.fits(whole));
  CHECK(Type().fits(whole));
  CHECK(whole.fits({}));
  CHECK(whole.fits(number));
  CHECK(number.fits(whole));
  CHECK_FALSE(Type(Type::Kind::null).fits(text));
  CHECK(Type(Type::Kind::null).fits(text.nullable()));
  CHECK(Type::list(whole).fits(Type::list(number)));
  CHECK_FALSE(Type::list(text).fits(Type::list(number)));
  const Type wanted = Type::object({{"a", {text}}, {"b", {whole, false}}});
  CHECK(Type::object({{"a", {text}}}).fits(wanted));
  CHECK_FALSE(Type::object({{"b", {whole}}}).fits(wanted));
  CHECK_FALSE(Type::object({{"a", {whole}}}).fits(wanted));
  CHECK(Type::object({{"x", {text}}}, true).fits(wanted));
}

TEST_CASE("the join of two types holds both", "[type]") {
  const Type text = Type::Kind::string, whole = Type::Kind::integer, real = Type::Kind::real;
  CHECK(Type::join(text, text) == text);
  CHECK(Type::join(whole, real) == Type(Type::Kind::number));
  CHECK(Type::join(text, Type::Kind::null) == text.nullable());
  CHECK(Type::join(text, whole).is_any());
  CHECK(Type::join(Type::one_of({"a", "b"}), Type::one_of({"b", "c"})).values() ==
        std::vector<std::string>{"a", "b", "c"});
  CHECK(Type::join(Type::one_of({"a"}), text).values().empty());
  const Type both = Type::join(Type::object({{"a", {text}}, {"b", {text}}}),
                               Type::object({{"a", {whole}}, {"c", {text}}}));
  REQUIRE(both.field("a"));
  CHECK(both.field("a")->type.is_any());
  CHECK(both.field("a")->required);
  CHECK_FALSE(both.field("b")->required);
  CHECK_FALSE(both.field("c")->required);
}

TEST_CASE("a secret is one line; a JSON document becomes one", "[base]") {
  const auto loaded = [](const std::string& value) {
    plenum::Secrets secrets([&](const std::string&) { return std::optional(value); });
    const plenum::Result<> done = secrets.load("KEY");
    return done ? secrets.find("KEY")->reveal() : done.error().code;
  };
  CHECK(loaded("abc") == "abc");
  CHECK(loaded("{\n  \"a\": \"x\\ny\",\r\n\t\"b\": 1\n}\n") == R"({"a":"x\ny","b":1})");
  CHECK(loaded("{\nno JSON") == "secret_missing");
  CHECK(loaded("a\r\nX-Evil: 1") == "secret_missing");
  CHECK(loaded("") == "secret_missing");
}
