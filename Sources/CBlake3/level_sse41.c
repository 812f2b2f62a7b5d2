// The level of SSE4.1: four blocks at once.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "kernels.h"

#pragma clang attribute push(__attribute__((target("sse4.1"))), apply_to = function)

#define LANES 4
#include "squares.h"
#define words words4
#include "lanes.h"

static size_t hash_runs(const runs *runs, size_t count, uint32_t (*values)[8]) {
  size_t hashed = count < 4 ? count : 4;
  hash_runs_4(runs, hashed, values);
  return hashed;
}

#pragma clang attribute pop

const kernels blake3_sse41 = {
    .compress = blake3_compress,
    .expand = blake3_expand,
    .hash_runs = hash_runs,
    .compress_lanes = compress_lanes_4,
    .lanes = 4,
};
#endif
