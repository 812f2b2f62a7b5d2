// CRC-32C with SSE4.2 and PCLMULQDQ.
//
// A register that has seen A, and one that began with zero and has seen B, make up the register
// that has seen A and then B: the first, times x to the power of the bits of B, plus the second,
// all modulo the polynomial. So three parts of one length are taken side by side and joined. A
// power is multiplied without carries and reduced by one more step of the instruction; that pair of
// steps itself multiplies by x to the 33rd, which the constants leave out.
#include "CCrc32c.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

// The length of each of three parts, with x^(8 * bytes - 33) and x^(16 * bytes - 33) modulo the
// polynomial 0x1EDC6F41, bits reversed.
typedef struct {
  size_t bytes;
  uint64_t past_one;
  uint64_t past_two;
} part;

static const part PARTS[] = {
    {4096, 0x82F89C77, 0x54A86326},
    {512, 0xDD7E3B0C, 0x170076FA},
    {64, 0x9E4ADDF8, 0x0D3B6092},
};

#define TARGET __attribute__((target("sse4.2,pclmul")))

int ccrc32c_is_present(void) {
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

static inline uint64_t word(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

TARGET static inline uint64_t moved_past(uint64_t crc, uint64_t power) {
  __m128i product =
      _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)crc), _mm_cvtsi64_si128((int64_t)power), 0);
  return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

TARGET static inline uint64_t three_parts(uint64_t crc, const uint8_t *bytes, const part *part) {
  uint64_t second = 0, third = 0;
  for (size_t at = 0; at < part->bytes; at += 8) {
    crc = _mm_crc32_u64(crc, word(bytes + at));
    second = _mm_crc32_u64(second, word(bytes + at + part->bytes));
    third = _mm_crc32_u64(third, word(bytes + at + 2 * part->bytes));
  }
  return moved_past(crc, part->past_two) ^ moved_past(second, part->past_one) ^ third;
}

TARGET uint32_t ccrc32c_update(uint32_t start, const void *input, size_t count) {
  const uint8_t *bytes = input;
  uint64_t crc = start;
  for (size_t size = 0; size < sizeof PARTS / sizeof PARTS[0]; size++) {
    size_t taken = 3 * PARTS[size].bytes;
    for (; count >= taken; bytes += taken, count -= taken)
      crc = three_parts(crc, bytes, &PARTS[size]);
  }
  for (; count >= 8; bytes += 8, count -= 8) crc = _mm_crc32_u64(crc, word(bytes));
  for (; count > 0; bytes++, count--) crc = _mm_crc32_u8((uint32_t)crc, *bytes);
  return (uint32_t)crc;
}

#else

int ccrc32c_is_present(void) { return 0; }

uint32_t ccrc32c_update(uint32_t crc, const void *bytes, size_t count) {
  (void)bytes;
  (void)count;
  return crc;
}

#endif
