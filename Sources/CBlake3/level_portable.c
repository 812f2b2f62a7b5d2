// The level for any processor: one block at a time in plain words.
#include <string.h>

#include "kernels.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "words are loaded as they lie in memory, which is right on little-endian machines only"
#endif

typedef uint32_t words;
#define LANES 1
INLINE void transpose_1(words m[1]) { (void)m; }
#include "lanes.h"

INLINE void compressed(const uint32_t value[8], const uint8_t *block, uint32_t length,
                       uint64_t counter, uint32_t flags, uint32_t v[16]) {
  uint32_t m[16];
  memcpy(m, block, sizeof m);
  memcpy(v, value, 32);
  memcpy(v + 8, INITIAL, 16);
  v[12] = (uint32_t)counter;
  v[13] = (uint32_t)(counter >> 32);
  v[14] = length;
  v[15] = flags;
  seven_rounds_1(v, m);
}

void blake3_compress(uint32_t value[8], const uint8_t *block, uint32_t length, uint64_t counter,
                     uint32_t flags) {
  uint32_t v[16];
  compressed(value, block, length, counter, flags, v);
  for (int i = 0; i < 8; i++) value[i] = v[i] ^ v[8 + i];
}

void blake3_expand(const uint32_t value[8], const uint8_t *block, uint32_t length, uint64_t counter,
                   uint32_t flags, uint32_t output[16]) {
  compressed(value, block, length, counter, flags, output);
  for (int i = 0; i < 8; i++) {
    output[i] ^= output[8 + i];
    output[8 + i] ^= value[i];
  }
}

static size_t hash_runs(const runs *runs, size_t count, uint32_t (*values)[8]) {
  (void)count;
  hash_runs_1(runs, 1, values);
  return 1;
}

const kernels blake3_portable = {
    .compress = blake3_compress,
    .expand = blake3_expand,
    .hash_runs = hash_runs,
    .compress_lanes = compress_lanes_1,
    .lanes = 1,
};
