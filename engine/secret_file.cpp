#include "engine/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "engine/base/ids.h"

namespace plenum {

Result<std::string> secret_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (in && text.str().size() == 32) return text.str();
  const std::string secret = random_bytes(32);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written =
      file >= 0 && ::write(file, secret.data(), secret.size()) == 32 && ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  if (!written) return fail(Kind::unavailable, "cannot write " + path);
  return secret;
}

}  // namespace plenum
