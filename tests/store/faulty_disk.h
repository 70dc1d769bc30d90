// A disk that fails when told to, fills up, or loses what was not synced when the power goes.
//
// It is a layer over SQLite's own file system, put in front as the default one while the value
// lives.  What was written since the last sync of a file is remembered, so that a power cut can
// drop any part of it.
#pragma once

#include <sqlite3.h>

#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace plenum::testing {

class FaultyDisk {
 public:
  FaultyDisk() : below_(sqlite3_vfs_find(nullptr)), vfs_(*below_) {
    vfs_.zName = "faulty";
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + below_->szOsFile;
    vfs_.pAppData = this;
    vfs_.pNext = nullptr;
    vfs_.xOpen = open;
    vfs_.xDelete = remove;
    sqlite3_vfs_register(&vfs_, 1);
  }
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;
  ~FaultyDisk() {
    sqlite3_vfs_register(below_, 1);
    sqlite3_vfs_unregister(&vfs_);
  }

  // Every write from now on answers `code` (SQLITE_FULL, SQLITE_IOERR_WRITE); 0: none.
  void fail_writes(int code) {
    set([&] { code_ = code, countdown_ = 0; });
  }
  // The n-th write, sync or truncation from now on fails, and after it all is well.
  void fail_once(int n) {
    set([&] { code_ = SQLITE_IOERR, countdown_ = n; });
  }
  bool failed_once() {
    const std::lock_guard lock(mutex_);
    return countdown_ == 0;
  }
  // Nothing reaches the disk any more.
  void cut_power() {
    set([&] { cut_ = true; });
  }
  // What the disk has after the cut: all that was synced, and of the rest a part that `random`
  // chooses.
  void restore(std::mt19937& random) {
    const std::lock_guard lock(mutex_);
    for (auto& [path, image] : images_) {
      image.apply([&] { return random() % 2 == 0; });
      std::ofstream(path, std::ios::binary | std::ios::trunc) << image.synced;
    }
    cut_ = false;
  }

 private:
  struct File {
    sqlite3_file base;
    FaultyDisk* disk;
    char path[512];
    sqlite3_file* below() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  struct Image {
    std::string synced;
    std::vector<std::pair<size_t, std::string>> unsynced;

    template <typename Survives>
    void apply(Survives survives) {
      for (const auto& [offset, written] : unsynced) {
        if (!survives()) continue;
        synced.resize(std::max(synced.size(), offset + written.size()));
        synced.replace(offset, written.size(), written);
      }
      unsynced.clear();
    }
  };

  template <typename Change>
  void set(Change change) {
    const std::lock_guard lock(mutex_);
    change();
  }

  // What is there when a file is first opened is on disk.  Only then: closing this descriptor would
  // drop SQLite's locks.
  void remember(const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (images_.count(path) != 0) return;
    std::ifstream file(path, std::ios::binary);
    images_[path].synced.assign(std::istreambuf_iterator<char>(file), {});
  }

  // What the next change of a file comes to: SQLITE_OK, or how it fails.
  int verdict() {
    if (code_ == 0) return SQLITE_OK;
    if (countdown_ == 0) return code_ == SQLITE_IOERR ? SQLITE_OK : code_;
    return --countdown_ == 0 ? SQLITE_IOERR : SQLITE_OK;
  }

  static File* file_of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
  static sqlite3_file* below(sqlite3_file* file) { return file_of(file)->below(); }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* raw, int flags, int* out) {
    File* file = file_of(raw);
    file->base.pMethods = nullptr;
    file->disk = static_cast<FaultyDisk*>(vfs->pAppData);
    std::snprintf(file->path, sizeof file->path, "%s", name ? name : "");
    if (name) file->disk->remember(name);
    const int code = file->disk->below_->xOpen(file->disk->below_, name, file->below(), flags, out);
    if (code == SQLITE_OK) file->base.pMethods = methods();
    return code;
  }
  static int remove(sqlite3_vfs* vfs, const char* name, int sync) {
    auto* disk = static_cast<FaultyDisk*>(vfs->pAppData);
    const std::lock_guard lock(disk->mutex_);
    if (disk->cut_) return SQLITE_OK;
    disk->images_.erase(name);
    return disk->below_->xDelete(disk->below_, name, sync);
  }

  static int write(sqlite3_file* raw, const void* bytes, int n, sqlite3_int64 offset) {
    FaultyDisk& disk = *file_of(raw)->disk;
    const std::lock_guard lock(disk.mutex_);
    if (const int code = disk.verdict(); code != SQLITE_OK) return code;
    if (!disk.cut_)
      disk.images_[file_of(raw)->path].unsynced.emplace_back(
          offset, std::string(static_cast<const char*>(bytes), static_cast<size_t>(n)));
    return below(raw)->pMethods->xWrite(below(raw), bytes, n, offset);
  }
  static int truncate(sqlite3_file* raw, sqlite3_int64 size) {
    FaultyDisk& disk = *file_of(raw)->disk;
    const std::lock_guard lock(disk.mutex_);
    if (const int code = disk.verdict(); code != SQLITE_OK) return code;
    return below(raw)->pMethods->xTruncate(below(raw), size);
  }
  static int sync(sqlite3_file* raw, int flags) {
    FaultyDisk& disk = *file_of(raw)->disk;
    const std::lock_guard lock(disk.mutex_);
    if (const int code = disk.verdict(); code != SQLITE_OK) return code;
    const int code = below(raw)->pMethods->xSync(below(raw), flags);
    if (code != SQLITE_OK || disk.cut_) return code;
    disk.images_[file_of(raw)->path].apply([] { return true; });
    return code;
  }

  static const sqlite3_io_methods* methods() {
    static const sqlite3_io_methods kMethods = {
        2,
        [](sqlite3_file* f) { return below(f)->pMethods->xClose(below(f)); },
        [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
          return below(f)->pMethods->xRead(below(f), to, n, at);
        },
        write,
        truncate,
        sync,
        [](sqlite3_file* f, sqlite3_int64* size) {
          return below(f)->pMethods->xFileSize(below(f), size);
        },
        [](sqlite3_file* f, int level) { return below(f)->pMethods->xLock(below(f), level); },
        [](sqlite3_file* f, int level) { return below(f)->pMethods->xUnlock(below(f), level); },
        [](sqlite3_file* f, int* out) {
          return below(f)->pMethods->xCheckReservedLock(below(f), out);
        },
        [](sqlite3_file* f, int op, void* arg) {
          return below(f)->pMethods->xFileControl(below(f), op, arg);
        },
        [](sqlite3_file* f) { return below(f)->pMethods->xSectorSize(below(f)); },
        [](sqlite3_file* f) { return below(f)->pMethods->xDeviceCharacteristics(below(f)); },
        [](sqlite3_file* f, int page, int size, int extend, void volatile** to) {
          return below(f)->pMethods->xShmMap(below(f), page, size, extend, to);
        },
        [](sqlite3_file* f, int offset, int n, int flags) {
          return below(f)->pMethods->xShmLock(below(f), offset, n, flags);
        },
        [](sqlite3_file* f) { below(f)->pMethods->xShmBarrier(below(f)); },
        [](sqlite3_file* f, int erase) { return below(f)->pMethods->xShmUnmap(below(f), erase); },
        nullptr,
        nullptr};
    return &kMethods;
  }

  sqlite3_vfs* below_;
  sqlite3_vfs vfs_;
  std::mutex mutex_;
  int code_ = 0;
  int countdown_ = 0;
  bool cut_ = false;
  std::map<std::string, Image> images_;
};

}  // namespace plenum::testing
