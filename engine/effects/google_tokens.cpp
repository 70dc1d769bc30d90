#include "engine/effects/google_tokens.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/base/ids.h"
#include "engine/base/json.h"
#include "engine/base/url.h"

namespace plenum {

namespace {

constexpr const char* kTokenHost = "oauth2.googleapis.com";
constexpr const char* kScope = "https://www.googleapis.com/auth/cloud-platform";
constexpr Millis kBeforeEnd = 5 * 60'000, kHour = 60 * 60'000, kAfterFailure = 5'000;
constexpr size_t kMostAccounts = 1000, kLongestToken = 8192;

tl::unexpected<Error> bad_key(const std::string& why) {
  return fail(Kind::denied,
              "the key of `gemini` is no service account's: " + why +
                  "; make a key of the type JSON for the account and set it as it is",
              "provider_auth");
}

std::string base64url(std::string_view bytes) {
  std::string text = base64(bytes);
  text.erase(text.find_last_not_of('=') + 1);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

// A key with a password is no use here, and nobody is asked for one.
int no_password(char*, int, int, void*) {
  return -1;
}

std::shared_ptr<EVP_PKEY> pem_key(const std::string& pem) {
  const std::shared_ptr<BIO> bytes(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                   BIO_free);
  return {PEM_read_bio_PrivateKey(bytes.get(), nullptr, no_password, nullptr), EVP_PKEY_free};
}

std::string signature(EVP_PKEY* key, std::string_view bytes) {
  const std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, from, bytes.size()) != 1)
    return "";
  std::string made(size, '\0');
  auto* to = reinterpret_cast<unsigned char*>(made.data());
  if (EVP_DigestSign(context.get(), to, &size, from, bytes.size()) != 1) return "";
  made.resize(size);
  return made;
}

bool is_token(const std::string& text) {
  return !text.empty() && text.size() <= kLongestToken &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

Error refused(const http::Response& response, const Json& body) {
  const int status = response.status;
  if (status >= 500 || status == 429 || status == 408)
    return Error{status == 429 ? Kind::limited : Kind::unavailable,
                 "Google answered with the status " + std::to_string(status) +
                     " when it was asked for an access token",
                 "provider_unavailable",
                 {}};
  const std::string why = text_or(body, "error", "status " + std::to_string(status));
  return Error{Kind::denied,
               "Google does not take the service account's key (" + why.substr(0, 60) +
                   "): see that the account and its key exist and that this machine's clock is "
                   "right, or make a new key",
               "provider_auth",
               {}};
}

}  // namespace

Result<ServiceAccount> ServiceAccount::read(const std::string& key_file, bool allow_local) {
  const Result<Json> json = parse_json(key_file, JsonLimits{64 << 10, 8, 100, 32 << 10, 100});
  if (!json || !json->is_object()) return bad_key("it is no JSON object");
  ServiceAccount account{text_or(*json, "client_email"), text_or(*json, "private_key_id"),
                         text_or(*json, "private_key"), text_or(*json, "token_uri")};
  for (const auto& [name, value] :
       {std::pair{"client_email", &account.email}, std::pair{"private_key", &account.private_key},
        std::pair{"token_uri", &account.token_uri}})
    if (value->empty()) return bad_key("it has no " + quote(name));
  const Result<Origin> origin = read_origin(account.token_uri);
  const bool good =
      origin && (origin->local ? allow_local : origin->host == std::string_view(kTokenHost));
  if (!good) return bad_key("its `token_uri` is not at https://oauth2.googleapis.com");
  return account;
}

Result<std::string> ServiceAccount::claim(Millis now) const {
  const std::shared_ptr<EVP_PKEY> key = pem_key(private_key);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
    return bad_key("its `private_key` is no RSA key in PEM");
  Json header{{"alg", "RS256"}, {"typ", "JWT"}};
  if (!key_id.empty()) header["kid"] = key_id;
  const Json claims{{"iss", email},
                    {"scope", kScope},
                    {"aud", token_uri},
                    {"iat", now / 1000},
                    {"exp", now / 1000 + 3600}};
  const std::string signed_part = base64url(to_text(header)) + "." + base64url(to_text(claims));
  const std::string made = signature(key.get(), signed_part);
  if (made.empty()) return bad_key("nothing can be signed with its `private_key`");
  return signed_part + "." + base64url(made);
}

void GoogleTokens::token(const std::string& key_file, Done done) {
  const std::string name = sha256_hex(key_file);
  if (kept_.size() >= kMostAccounts && !kept_.contains(name))
    std::erase_if(kept_, [](const auto& one) { return !one.second.asking; });
  Kept& kept = kept_[name];
  if (!kept.asking && clock_->monotonic() < kept.until) return done(kept.token);
  kept.waiting.push_back(std::move(done));
  if (!std::exchange(kept.asking, true)) ask(name, key_file);
}

void GoogleTokens::forget(const std::string& key_file) {
  if (const auto kept = kept_.find(sha256_hex(key_file)); kept != kept_.end())
    kept->second.until = 0;
}

void GoogleTokens::ask(const std::string& name, const std::string& key_file) {
  const Result<ServiceAccount> account = ServiceAccount::read(key_file, allow_local_);
  if (!account) return tell(name, fail(account.error()), kAfterFailure);
  const Result<std::string> claim = account->claim(clock_->now());
  if (!claim) return tell(name, fail(claim.error()), kAfterFailure);
  http::Request request;
  request.url = account->token_uri;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = "grant_type=" + percent_encoded("urn:ietf:params:oauth:grant-type:jwt-bearer") +
                 "&assertion=" + *claim;
  request.timeout = std::chrono::seconds(10);
  request.max_response_bytes = 64 << 10;
  request.trusted_destination = account->token_uri.starts_with("http://");
  http_->send(std::move(request), [self = shared_from_this(), name](Result<http::Response> said) {
    self->post_(
        [self, name, said = std::move(said)]() mutable { self->answered(name, std::move(said)); });
  });
}

void GoogleTokens::answered(const std::string& name, Result<http::Response> response) {
  if (!response) return tell(name, fail(std::move(response).error()), kAfterFailure);
  const Json body = parse_json(response->body, JsonLimits{64 << 10, 8, 100, 32 << 10, 100})
                        .value_or(Json::object());
  if (response->status != 200) return tell(name, fail(refused(*response, body)), kAfterFailure);
  const std::string token = text_or(body, "access_token");
  if (!is_token(token))
    return tell(
        name,
        fail(Kind::unavailable, "Google answered without an access token", "provider_malformed"),
        kAfterFailure);
  const Json* seconds = find(body, "expires_in");
  const Millis life = seconds && seconds->is_number_integer()
                          ? std::clamp<Millis>(seconds->get<int64_t>(), 0, 24 * 3600) * 1000
                          : kHour;
  tell(name, token, std::max<Millis>(0, life - kBeforeEnd));
}

void GoogleTokens::tell(const std::string& name, Result<std::string> token, Millis keep) {
  Kept& kept = kept_[name];
  kept.token = token;
  kept.until = clock_->monotonic() + keep;
  kept.asking = false;
  for (Done& done : std::exchange(kept.waiting, {})) done(token);
}

}  // namespace plenum
