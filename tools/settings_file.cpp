#include "tools/settings_file.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "engine/base/diagnostic.h"

namespace plenum::tools {

namespace {

constexpr const char* kFile = "plenum.yaml";
constexpr std::string_view kPrefix = "PLENUM_";

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(at, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

bool good_name(std::string_view name) {
  return !name.empty() && islower(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return islower(c) || isdigit(c) || c == '_'; });
}

// The key that a variable's name means by a pattern: SIGN_IN_MAIN_ISSUER by "sign_in.*.issuer" is
// "sign_in.main.issuer"; nothing when it does not fit.
std::optional<std::string> key_by(std::string_view pattern, std::string_view variable) {
  const size_t star = pattern.find('*');
  const std::string before = upper(std::string(pattern.substr(0, star)));
  if (star == pattern.npos)
    return variable == before ? std::optional(std::string(pattern)) : std::nullopt;
  if (!variable.starts_with(before)) return std::nullopt;
  variable.remove_prefix(before.size());
  for (size_t length = 1; length < variable.size(); ++length) {
    std::string name(variable.substr(0, length));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return tolower(c); });
    const auto rest = key_by(pattern.substr(star + 1), variable.substr(length));
    if (rest && good_name(name)) return std::string(pattern.substr(0, star)) + name + *rest;
  }
  return std::nullopt;
}

std::string text_of(const yaml::Node& node) {
  if (!node.is(yaml::Node::Kind::list)) return node.text;
  std::string text;
  for (const yaml::Node& item : node.items) text += (text.empty() ? "" : ",") + item.text;
  return text;
}

}  // namespace

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (!value || !*value) return std::nullopt;
  return std::string(value);
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string upper(std::string text) {
  for (char& c : text)
    c = c == '.' ? '_' : static_cast<char>(toupper(static_cast<unsigned char>(c)));
  return text;
}

Result<std::string> secret(const std::string& name) {
  if (const auto value = environment(name)) return *value;
  const auto path = environment(name + "_FILE");
  if (!path) return std::string();
  std::optional<std::string> text = read_file(*path);
  if (!text)
    return fail(Kind::invalid, name + "_FILE names " + quote(*path) + ", which cannot be read");
  while (!text->empty() && isspace(static_cast<unsigned char>(text->back()))) text->pop_back();
  return *text;
}

Result<> SettingsFile::read(const std::string& root) {
  if (const std::optional<std::string> text = read_file(root + "/" + kFile)) {
    Report report;
    const std::optional<yaml::Node> node = yaml::parse(kFile, *text, report);
    if (node && !report.has_errors()) flatten(*node, "", report);
    if (report.has_errors()) {
      std::string all;
      for (const Diagnostic& finding : report.sorted())
        all += (all.empty() ? "" : "\n") + to_text(finding);
      return fail(Kind::invalid, all);
    }
  }
  add_from_environment();
  return {};
}

// A pattern fits a key, or (`inner`) something below it.
bool SettingsFile::is_known(const std::string& key, bool inner) const {
  const std::vector<std::string> parts = split(key, '.');
  return std::any_of(known_.begin(), known_.end(), [&](const std::string& pattern) {
    const std::vector<std::string> wanted = split(pattern, '.');
    if (inner ? wanted.size() <= parts.size() : wanted.size() != parts.size()) return false;
    for (size_t i = 0; i < parts.size(); ++i)
      if (wanted[i] == "*" ? !good_name(parts[i]) : wanted[i] != parts[i]) return false;
    return true;
  });
}

// What could have been meant in the place of an unknown key.
std::vector<std::string> SettingsFile::like(const std::string& key) const {
  const std::vector<std::string> parts = split(key, '.');
  std::vector<std::string> list;
  for (const std::string& pattern : known_) {
    std::vector<std::string> wanted = split(pattern, '.');
    std::string text;
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i] == "*") wanted[i] = i < parts.size() ? parts[i] : "NAME";
      text += (text.empty() ? "" : ".") + wanted[i];
    }
    list.push_back(std::move(text));
  }
  return list;
}

void SettingsFile::flatten(const yaml::Node& node, const std::string& prefix, Report& report) {
  if (!node.is(yaml::Node::Kind::map))
    return report.error("S104", node.span, "settings are a map of keys");
  for (const yaml::Member& member : node.members) {
    const std::string key = prefix + member.key;
    if (member.value.is(yaml::Node::Kind::map) && is_known(key, true)) {
      flatten(member.value, key + ".", report);
    } else if (is_known(key, false) && !member.value.is(yaml::Node::Kind::map)) {
      values_[key] = text_of(member.value);
    } else {
      const std::string near = nearest(key, like(key));
      report.error("S101", member.key_span, "unknown setting " + quote(key),
                   near.empty() ? "known: " + any_of(like(key)) : quote(near));
    }
  }
}

// Names of the operator's are known by what is set below them, so the environment is looked through
// for those; get() sees the others.
void SettingsFile::add_from_environment() {
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (!text.starts_with(kPrefix) || equals == text.npos || equals + 1 == text.size()) continue;
    const std::string_view variable = text.substr(kPrefix.size(), equals - kPrefix.size());
    for (const std::string& pattern : known_)
      if (pattern.find('*') != std::string::npos)
        if (const auto key = key_by(pattern, variable)) values_[*key] = text.substr(equals + 1);
  }
}

std::optional<std::string> SettingsFile::get(const std::string& key) const {
  if (auto value = environment(std::string(kPrefix) + upper(key))) return value;
  const auto it = values_.find(key);
  if (it == values_.end()) return std::nullopt;
  return it->second;
}

std::vector<std::string> SettingsFile::list(const std::string& key) const {
  std::vector<std::string> items;
  for (std::string& item : split(get(key).value_or(""), ',')) {
    item.erase(0, item.find_first_not_of(' '));
    item.erase(item.find_last_not_of(' ') + 1);
    if (!item.empty()) items.push_back(std::move(item));
  }
  return items;
}

std::vector<std::string> SettingsFile::names(const std::string& key) const {
  std::set<std::string> names;
  for (const auto& [known, value] : values_)
    if (known.starts_with(key + "."))
      names.insert(known.substr(key.size() + 1, known.find('.', key.size() + 1) - key.size() - 1));
  return {names.begin(), names.end()};
}

Result<bool> SettingsFile::flag(const std::string& key, bool otherwise) const {
  const auto value = get(key);
  if (!value) return otherwise;
  if (*value == "false" || *value == "0") return false;
  if (*value == "true" || *value == "1") return true;
  return fail(Kind::invalid,
              "the setting `" + key + "` is " + quote(*value) + "; it must be true or false");
}

Result<uint64_t> SettingsFile::number(const std::string& key, uint64_t least, uint64_t most,
                                      uint64_t otherwise) const {
  const auto text = get(key);
  if (!text) return otherwise;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error == std::errc() && end == text->data() + text->size() && number >= least &&
      number <= most)
    return number;
  return fail(Kind::invalid, "the setting `" + key + "` is " + quote(*text) + "; it must be " +
                                 std::to_string(least) + " to " + std::to_string(most));
}

}  // namespace plenum::tools
