// Blobs on a disk: what is put is what is got, and nothing else can be reached.
#include <catch2/catch.hpp>

#include <fstream>

#include "engine/blob/blobs.h"
#include "tests/store/asking.h"

using namespace plenum;
using namespace plenum::testing;

namespace {

std::vector<std::string> files_under(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (!entry.is_directory()) files.push_back(std::filesystem::relative(entry.path(), folder));
  std::sort(files.begin(), files.end());
  return files;
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Disk {
  TempFolder folder;
  std::string root = folder / "files";
  std::unique_ptr<Blobs> blobs = open_disk_blobs(root).value();
};

}  // namespace

TEST_CASE("bytes come back as they were put, under their digest", "[blobs]") {
  Disk disk;
  for (const std::string& bytes :
       {std::string(), std::string("a\0b\xff", 4), std::string(3 << 20, 'x')}) {
    const std::string digest = disk.blobs->put("shop", "ada", bytes).value();
    CHECK(digest == sha256_hex(bytes));
    CHECK(disk.blobs->get("shop", "ada", digest).value() == bytes);
    CHECK(std::filesystem::exists(disk.root + "/shop/ada/" + digest.substr(0, 2) + "/" + digest));
  }
}

TEST_CASE("the same bytes twice are one file, and another owner's are another", "[blobs]") {
  Disk disk;
  CHECK(disk.blobs->put("shop", "ada", "x").value() == disk.blobs->put("shop", "ada", "x").value());
  CHECK(files_under(disk.root).size() == 1);
  disk.blobs->put("shop", "bob", "x").value();
  disk.blobs->put("clinic", "ada", "x").value();
  CHECK(files_under(disk.root).size() == 3);
}

TEST_CASE("bytes are their owner's and app's alone", "[blobs]") {
  Disk disk;
  const std::string digest = disk.blobs->put("shop", "ada", "secret").value();
  for (const Owner& owner : {kBob, kAdaElsewhere, Owner{"shop", "Ada"}, Owner{"shop/ada", "x"}}) {
    CHECK(outcome(disk.blobs->get(owner.app, owner.owner, digest)) == "not_found");
    CHECK(outcome(disk.blobs->remove(owner.app, owner.owner, digest)) == "ok");
  }
  CHECK(disk.blobs->get("shop", "ada", digest).value() == "secret");
  CHECK(outcome(disk.blobs->get("", "ada", digest)) == "invalid");
  CHECK(outcome(disk.blobs->put("shop", "", "x")) == "invalid");
}

TEST_CASE("no name of an app or owner leads out of its folder", "[blobs]") {
  Disk disk;
  const std::string names[] = {"..",
                               ".",
                               "../../etc",
                               "/etc",
                               "a/b",
                               "a\\b",
                               "A",
                               "a b",
                               "\xc5\xbe",
                               "a\nb",
                               "H",
                               std::string("a\0b", 3),
                               std::string(65, 'a'),
                               std::string(5000, 'a'),
                               "a.b",
                               "con:"};
  std::set<std::string> places;
  for (const std::string& name : names) {
    const std::string digest = disk.blobs->put(name, name, "x").value();
    CHECK(disk.blobs->get(name, name, digest).value() == "x");
  }
  for (const std::string& file : files_under(disk.root)) {
    CHECK(file.find("..") == std::string::npos);
    CHECK(std::count(file.begin(), file.end(), '/') == 3);
    places.insert(file);
  }
  CHECK(places.size() == std::size(names));
  CHECK(files_under(disk.folder.path()).size() == std::size(names));
}

TEST_CASE("what is not a digest is not there, wherever it leads", "[blobs]") {
  Disk disk;
  const std::string digest = disk.blobs->put("shop", "ada", "x").value();
  std::ofstream(disk.folder / "outside") << "x";
  std::string upper = digest;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  for (const std::string& name :
       {std::string(), std::string(".."), std::string("../../../../outside"), upper, digest + "0",
        digest.substr(1), digest.substr(0, 60) + "/../", std::string(64, 'g'),
        std::string("\0", 1) + digest}) {
    CHECK(outcome(disk.blobs->get("shop", "ada", name)) == "not_found");
    CHECK(outcome(disk.blobs->remove("shop", "ada", name)) == "ok");
  }
  CHECK(disk.blobs->get("shop", "ada", digest).value() == "x");
  CHECK(contents(disk.folder / "outside") == "x");
}

TEST_CASE("removing is done once and may be asked again", "[blobs]") {
  Disk disk;
  const std::string digest = disk.blobs->put("shop", "ada", "x").value();
  CHECK(outcome(disk.blobs->remove("shop", "ada", digest)) == "ok");
  CHECK(outcome(disk.blobs->get("shop", "ada", digest)) == "not_found");
  CHECK(outcome(disk.blobs->remove("shop", "ada", digest)) == "ok");
  CHECK(outcome(disk.blobs->remove("shop", "nobody", digest)) == "ok");
  CHECK(disk.blobs->put("shop", "ada", "x").value() == digest);
  CHECK(disk.blobs->get("shop", "ada", digest).value() == "x");
}

TEST_CASE("bytes that changed on disk are not given out, and putting them again mends them",
          "[blobs]") {
  Disk disk;
  const std::string digest = disk.blobs->put("shop", "ada", "original").value();
  const std::string path = disk.root + "/shop/ada/" + digest.substr(0, 2) + "/" + digest;
  for (const char* damaged : {"0riginal", "origin", "originals", ""}) {
    std::ofstream(path, std::ios::trunc) << damaged;
    CHECK(outcome(disk.blobs->get("shop", "ada", digest)) == "internal blob_damaged");
    CHECK(disk.blobs->put("shop", "ada", "original").value() == digest);
    CHECK(disk.blobs->get("shop", "ada", digest).value() == "original");
  }
}

TEST_CASE("files and folders are private, and no draft is left", "[blobs]") {
  const mode_t mask = umask(0);
  Disk disk;
  disk.blobs->put("shop", "ada", "x").value();
  umask(mask);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(disk.folder.path()))
    CHECK((static_cast<unsigned>(entry.status().permissions()) & 0777) ==
          (entry.is_directory() ? 0700u : 0600u));
  CHECK(files_under(disk.root).size() == 1);
}

TEST_CASE("a symbolic link in a blob's place is not followed", "[blobs]") {
  Disk disk;
  const std::string digest = disk.blobs->put("shop", "ada", "x").value();
  const std::string path = disk.root + "/shop/ada/" + digest.substr(0, 2) + "/" + digest;
  std::ofstream(disk.folder / "outside") << "x";
  std::filesystem::remove(path);
  std::filesystem::create_symlink(disk.folder / "outside", path);
  CHECK(outcome(disk.blobs->get("shop", "ada", digest)) == "unavailable disk_error");
}

TEST_CASE("a place that cannot hold files is refused with the reason", "[blobs]") {
  const TempFolder folder;
  std::ofstream(folder / "file") << "x";
  for (const std::string& place : {std::string(), folder / "file", folder / "none/files"}) {
    const auto blobs = open_disk_blobs(place);
    REQUIRE_FALSE(blobs);
    CHECK(code_of(blobs.error()) == "unavailable");
  }
}

TEST_CASE("many threads put and get the same bytes", "[blobs]") {
  Disk disk;
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const std::string bytes = "shared " + std::to_string(i);
        const auto digest = disk.blobs->put("shop", "ada", bytes);
        if (digest && disk.blobs->get("shop", "ada", *digest).value_or("") == bytes) ++good;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 200);
  CHECK(files_under(disk.root).size() == 50);
}
