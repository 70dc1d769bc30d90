// Blobs on a local disk: folder/app/owner/ab/abcdef….  A name is a digest, so writing the same
// bytes twice is one file, and reading back can tell whether they are still the same.  A file
// appears under its name only when all of it is on disk.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "engine/base/ids.h"
#include "engine/blob/blobs.h"

namespace plenum {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

tl::unexpected<Error> failed(const std::string& doing, const std::string& path) {
  const int error = errno;
  const char* advice = error == ENOSPC || error == EDQUOT ? "; free some space"
                                                          : "; look at the folder and its disk";
  return fail(Kind::unavailable, doing + " " + path + " failed: " + std::strerror(error) + advice,
              error == ENOSPC || error == EDQUOT ? "disk_full" : "disk_error");
}

// A name as a folder: itself when it is harmless, its digest otherwise.  The digest's prefix has a
// letter that harmless names never have, so the two can't meet.
std::string folder_name(const std::string& name) {
  const bool harmless =
      !name.empty() && name.size() <= 64 &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
  return harmless ? name : "H" + sha256_hex(name);
}

bool is_digest(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Result<> sync_folder(const std::string& folder) {
  const Descriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!opened || fsync(opened.number()) != 0) return failed("writing the folder", folder);
  return {};
}

// One level under a folder that is there, its entry on disk.
Result<> make_folder(const std::string& parent, const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) == 0) return sync_folder(parent);
  if (errno == EEXIST) return {};
  return failed("making the folder", folder);
}

Result<> write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("writing", path);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Result<> write_file(const std::string& path, std::string_view bytes) {
  const Descriptor file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return failed("making", path);
  TRY(write_all(file.number(), bytes, path));
  if (fsync(file.number()) != 0) return failed("writing", path);
  return {};
}

// Nothing when there is no such file.
Result<std::optional<std::string>> read_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  struct stat is = {};
  if (!file || fstat(file.number(), &is) != 0) return failed("reading", path);
  std::string bytes(static_cast<size_t>(is.st_size), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = read(file.number(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("reading", path);
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

class DiskBlobs final : public Blobs {
 public:
  explicit DiskBlobs(std::string root) : root_(std::move(root)) {}

  Result<std::string> put(const std::string& app, const std::string& owner,
                          std::string_view bytes) override {
    TRY(check(app, owner));
    std::string digest = sha256_hex(bytes);
    const std::string path = place(app, owner, digest);
    if (TRY(holds(path, digest))) {
      utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);  // see remove()
      return digest;
    }
    TRY(make_folders(app, owner, digest));
    // Beside its place: a rename within one folder is one change, and the name is nobody else's.
    const std::string draft = path + "." + new_id("draft");
    Result<> written = write_file(draft, bytes);
    if (written && rename(draft.c_str(), path.c_str()) != 0) written = failed("renaming", draft);
    if (!written) {
      unlink(draft.c_str());
      return fail(std::move(written).error());
    }
    TRY(sync_folder(std::filesystem::path(path).parent_path()));
    return digest;
  }

  Result<std::string> get(const std::string& app, const std::string& owner,
                          const std::string& digest) override {
    TRY(check(app, owner));
    if (!is_digest(digest)) return absent(digest);
    std::optional<std::string> bytes = TRY(read_file(place(app, owner, digest)));
    if (!bytes) return absent(digest);
    if (sha256_hex(*bytes) != digest)
      return fail(
          Kind::internal,
          "the bytes kept as " + digest + " have changed on disk: restore the file from a backup",
          "blob_damaged");
    return *std::move(bytes);
  }

  Result<> check(const std::string& app, const std::string& owner, const std::string& digest,
                 int64_t size, bool whole) override {
    if (whole) {
      TRY(get(app, owner, digest));
      return {};
    }
    struct stat is = {};
    if (!is_digest(digest) || lstat(place(app, owner, digest).c_str(), &is) != 0 ||
        !S_ISREG(is.st_mode))
      return absent(digest);
    if (is.st_size != size)
      return fail(Kind::internal,
                  "the bytes kept as " + digest + " are " + std::to_string(is.st_size) +
                      ", and were " + std::to_string(size) + ": restore the file from a backup",
                  "blob_damaged");
    return {};
  }

  Result<> remove(const std::string& app, const std::string& owner, const std::string& digest,
                  std::chrono::milliseconds idle) override {
    TRY(check(app, owner));
    if (!is_digest(digest)) return {};
    const std::string path = place(app, owner, digest);
    if (idle.count() > 0 && put_since(path, idle)) return {};
    if (unlink(path.c_str()) == 0) return sync_folder(std::filesystem::path(path).parent_path());
    if (errno == ENOENT || errno == ENOTDIR) return {};
    return failed("deleting", path);
  }

 private:
  static Result<> check(const std::string& app, const std::string& owner) {
    if (!app.empty() && !owner.empty()) return {};
    return fail(Kind::invalid,
                "a file belongs to an app and an owner, and one of the two has no name");
  }
  static tl::unexpected<Error> absent(const std::string& digest) {
    return fail(Kind::not_found, "there are no bytes with the digest " + digest.substr(0, 64));
  }

  static bool put_since(const std::string& path, std::chrono::milliseconds idle) {
    struct stat is = {};
    if (lstat(path.c_str(), &is) != 0) return false;
    return time(nullptr) - is.st_mtime <
           std::chrono::duration_cast<std::chrono::seconds>(idle).count();
  }

  std::string place(const std::string& app, const std::string& owner,
                    const std::string& digest) const {
    return root_ + "/" + folder_name(app) + "/" + folder_name(owner) + "/" + digest.substr(0, 2) +
           "/" + digest;
  }

  // Whether the file is there and whole; one that is damaged is written anew.
  static Result<bool> holds(const std::string& path, const std::string& digest) {
    const std::optional<std::string> bytes = TRY(read_file(path));
    return bytes && sha256_hex(*bytes) == digest;
  }

  Result<> make_folders(const std::string& app, const std::string& owner,
                        const std::string& digest) const {
    std::string folder = root_;
    for (const std::string& name : {folder_name(app), folder_name(owner), digest.substr(0, 2)}) {
      const std::string inner = folder + "/" + name;
      TRY(make_folder(folder, inner));
      folder = inner;
    }
    return {};
  }

  std::string root_;
};

}  // namespace

Result<std::unique_ptr<Blobs>> open_disk_blobs(const std::string& folder) {
  std::error_code error;
  const std::filesystem::path root = std::filesystem::weakly_canonical(folder, error);
  if (folder.empty() || error)
    return fail(Kind::unavailable,
                "the folder `" + folder + "` for files leads nowhere: " + error.message());
  if (mkdir(root.c_str(), 0700) == 0)
    TRY(sync_folder(root.parent_path()));
  else if (errno != EEXIST || !std::filesystem::is_directory(root, error))
    return fail(Kind::unavailable,
                "the folder " + root.string() +
                    " for files cannot be made: its parent must be a folder that is writable");
  return std::make_unique<DiskBlobs>(root);
}

}  // namespace plenum
