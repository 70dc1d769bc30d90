#include "engine/base/secret.h"

#include <openssl/crypto.h>

#include <nlohmann/json.hpp>

#include "engine/base/json.h"

namespace plenum {

Secret::Secret(std::string value)
    : value_(new std::string(std::move(value)), [](std::string* text) {
        OPENSSL_cleanse(text->data(), text->size());
        delete text;
      }) {}

std::string one_line(std::string secret) {
  if (!secret.starts_with("{")) return secret;
  const Result<Json> document = parse_json(secret);
  return document ? to_text(*document) : secret;
}

Result<> Secrets::load(const std::string& name) {
  std::optional<std::string> value;
  if (source_) value = TRY(source_(name));
  if (value) value = one_line(*std::move(value));
  std::lock_guard lock(mutex_);
  values_.erase(name);
  if (!value || value->empty())
    return fail(Kind::not_found, "the secret `" + name + "` is not set", "secret_missing");
  for (const unsigned char c : *value)
    if (c < 0x20 || c == 0x7f)
      return fail(Kind::invalid,
                  "the secret `" + name + "` holds a line break or another control character",
                  "secret_missing");
  values_.emplace(name, Secret(*std::move(value)));
  return {};
}

std::optional<Secret> Secrets::find(const std::string& name) const {
  std::lock_guard lock(mutex_);
  const auto it = values_.find(name);
  if (it == values_.end()) return std::nullopt;
  return it->second;
}

}  // namespace plenum
