// libFuzzer entry for the multipart parser: the first line is the Content-Type, the rest the body.
// clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. tests/fuzz/multipart_fuzz.cpp
//   server/front/multipart.cpp engine/base/diagnostic.cpp engine/base/result.cpp -o multipart_fuzz
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "server/front/multipart.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = input.find('\n');
  const std::string_view type = input.substr(0, line);
  const std::string_view body =
      line == std::string_view::npos ? std::string_view() : input.substr(line + 1);
  const auto parts = plenum::front::parse_multipart(type, body);
  if (!parts) return 0;
  if (parts->size() > plenum::front::MultipartLimits().parts) abort();
  for (const plenum::front::Part& part : *parts)
    if (part.name.empty() || part.body.data() < body.data() ||
        part.body.data() + part.body.size() > body.data() + body.size())
      abort();
  return 0;
}
