// The level of AVX2: eight blocks at once, or four where no more are left.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

#define LANES 4
#include "squares.h"
#define words words4
#include "lanes.h"
#undef LANES
#undef words

#define LANES 8
#include "squares.h"
#define words words8
#include "lanes.h"

static size_t hash_runs(const runs *runs, size_t count, uint32_t (*values)[8]) {
  size_t hashed = count < 8 ? count : 8;
  if (hashed <= 4) {
    hash_runs_4(runs, hashed, values);
  } else {
    hash_runs_8(runs, hashed, values);
  }
  return hashed;
}

#pragma clang attribute pop

const kernels blake3_avx2 = {
    .compress = blake3_compress,
    .expand = blake3_expand,
    .hash_runs = hash_runs,
    .compress_lanes = compress_lanes_8,
    .lanes = 8,
};
#endif
