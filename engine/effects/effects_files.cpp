// Files that a model is shown: read when the call is made, each under the caller's own scope,
// whatever id a value holds.
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/diagnostic.h"
#include "engine/effects/work.h"

namespace plenum {

namespace {

// In base64 they must fit what providers take in one request: 20 MB.
constexpr int64_t kMostBytes = 14 << 20;

Result<> may_be_shown(const FileRow& file, int64_t bytes, Millis now) {
  static const std::set<std::string> kShown = {"image/png", "image/jpeg", "image/gif", "image/webp",
                                               "application/pdf"};
  if (file.expires_at && file.expires_at <= now)
    return fail(Kind::not_found, "there is no such file", "not_found");
  if (!kShown.contains(file.mime)) {
    Error error{Kind::invalid,
                "a model is shown images and PDFs, and " + quote(file.name) + " is " +
                    quote(file.mime) + ": `extract` its text instead",
                "unsupported_type",
                {}};
    error.status = 422;
    return fail(std::move(error));
  }
  if (bytes <= kMostBytes) return {};
  return fail(Kind::invalid,
              "the files of one model call are larger than " + std::to_string(kMostBytes >> 20) +
                  " MB together",
              "too_large");
}

}  // namespace

struct Effects::Work::Loading {
  Owner owner;
  std::vector<std::string> ids;  // as the call shows them, those that were read taken off
  ModelFiles files;
  int64_t bytes = 0;
  std::function<void(Result<ModelFiles>)> then;
};

void Effects::Work::load_files(const run::CallModel& ask, const Owner& owner,
                               std::function<void(Result<ModelFiles>)> then) {
  const auto loading = std::make_shared<Loading>();
  loading->owner = owner;
  loading->then = std::move(then);
  for (const run::Turn& turn : ask.turns)
    for (const std::string& id : turn.files) loading->ids.push_back(id);
  load_next(loading);
}

void Effects::Work::load_next(std::shared_ptr<Loading> loading) {
  if (loading->ids.empty()) return loading->then(std::move(loading->files));
  parts.store->file(loading->owner, loading->ids.back(),
                    [self = shared_from_this(), loading](Result<FileRow> file) {
                      if (file) {
                        loading->bytes += file->size;
                        const Result<> shown =
                            may_be_shown(*file, loading->bytes, self->parts.clock->now());
                        if (!shown) file = fail(shown.error());
                      }
                      if (!file) return loading->then(fail(std::move(file).error()));
                      self->load_bytes(loading, *std::move(file));
                    });
}

void Effects::Work::load_bytes(std::shared_ptr<Loading> loading, FileRow file) {
  parts.files([self = shared_from_this(), loading, file = std::move(file)] {
    Result<std::string> bytes =
        self->parts.blobs->get(file.owner.app, file.owner.owner, file.digest);
    self->parts.post([self, loading, mime = file.mime, bytes = std::move(bytes)]() mutable {
      if (!bytes) return loading->then(fail(std::move(bytes).error()));
      loading->files[loading->ids.back()] = {mime, *std::move(bytes)};
      loading->ids.pop_back();
      self->load_next(loading);
    });
  });
}

}  // namespace plenum
