// The stretches of a JSON string that stand for themselves: most of most texts.
#pragma once

#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace plenum {

inline bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

// Where the first byte at or after `at` stands that is a quote, a backslash, a control character or
// not ASCII; the text's size when there is none.
inline size_t plain_until(std::string_view text, size_t at) {
#ifdef __SSE2__
  const __m128i space = _mm_set1_epi8(0x20), quote = _mm_set1_epi8('"'),
                backslash = _mm_set1_epi8('\\');
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    // Compared as signed numbers, what is not ASCII is below a space, too.
    const __m128i special =
        _mm_or_si128(_mm_cmplt_epi8(bytes, space),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    if (const int mask = _mm_movemask_epi8(special)) return at + __builtin_ctz(mask);
  }
#endif
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

}  // namespace plenum
