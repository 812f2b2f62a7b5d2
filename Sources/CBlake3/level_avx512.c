// The level of AVX-512, which has a rotation of its own and registers for a whole state and
// message: sixteen blocks at once, or eight or four where no more are left.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl"))), apply_to = function)

// One block at a time: the state is a square of four by four words, a vector to a row, so that one
// operation mixes its four columns. Diagonals become columns by rotating rows.

typedef uint32_t row __attribute__((vector_size(16)));

INLINE row rotated(row x, int bits) { return x >> bits | x << (32 - bits); }

INLINE void mix(row state[4], __m128i first, __m128i second) {
  state[0] += (row)first + state[1];
  state[3] = rotated(state[3] ^ state[0], 16);
  state[2] += state[3];
  state[1] = rotated(state[1] ^ state[2], 12);
  state[0] += (row)second + state[1];
  state[3] = rotated(state[3] ^ state[0], 8);
  state[2] += state[3];
  state[1] = rotated(state[1] ^ state[2], 7);
}

INLINE row moved_left(row x) { return __builtin_shufflevector(x, x, 1, 2, 3, 0); }
INLINE row moved_right(row x) { return __builtin_shufflevector(x, x, 3, 0, 1, 2); }
INLINE row swapped(row x) { return __builtin_shufflevector(x, x, 2, 3, 0, 1); }

INLINE void mixed(const uint32_t value[8], const uint8_t *block, uint32_t length, uint64_t counter,
                  uint32_t flags, row state[4]) {
  __m512i message = _mm512_loadu_si512(block);
  memcpy(&state[0], value, 2 * sizeof(row));
  memcpy(&state[2], INITIAL, sizeof(row));
  state[3] = (row){(uint32_t)counter, (uint32_t)(counter >> 32), length, flags};
  UNROLL
  for (int round = 0; round < 7; round++) {
    // The words of this round in four rows. All rows of the state but the second will be rotated,
    // because that one is ready last and would be waited for; so the last diagonal comes first.
    const uint8_t *s = SCHEDULE[round];
    __m512i words = _mm512_permutexvar_epi32(
        _mm512_setr_epi32(s[0], s[2], s[4], s[6], s[1], s[3], s[5], s[7], s[14], s[8], s[10], s[12],
                          s[15], s[9], s[11], s[13]),
        message);
    mix(state, _mm512_castsi512_si128(words), _mm512_extracti32x4_epi32(words, 1));
    state[0] = moved_right(state[0]);
    state[2] = moved_left(state[2]);
    state[3] = swapped(state[3]);
    mix(state, _mm512_extracti32x4_epi32(words, 2), _mm512_extracti32x4_epi32(words, 3));
    state[0] = moved_left(state[0]);
    state[2] = moved_right(state[2]);
    state[3] = swapped(state[3]);
  }
  state[0] ^= state[2];
  state[1] ^= state[3];
}

static void compress(uint32_t value[8], const uint8_t *block, uint32_t length, uint64_t counter,
                     uint32_t flags) {
  row state[4];
  mixed(value, block, length, counter, flags, state);
  memcpy(value, state, 2 * sizeof(row));
}

static void expand(const uint32_t value[8], const uint8_t *block, uint32_t length, uint64_t counter,
                   uint32_t flags, uint32_t output[16]) {
  row state[4], input[2];
  mixed(value, block, length, counter, flags, state);
  memcpy(input, value, sizeof input);
  state[2] ^= input[0];
  state[3] ^= input[1];
  memcpy(output, state, sizeof state);
}

// Several blocks at once

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
#undef LANES
#undef words

#define LANES 16
#include "squares.h"
#define words words16
#include "lanes.h"

static size_t hash_runs(const runs *runs, size_t count, uint32_t (*values)[8]) {
  size_t hashed = count < 16 ? count : 16;
  if (hashed <= 4) {
    hash_runs_4(runs, hashed, values);
  } else if (hashed <= 8) {
    hash_runs_8(runs, hashed, values);
  } else {
    hash_runs_16(runs, hashed, values);
  }
  return hashed;
}

#pragma clang attribute pop

const kernels blake3_avx512 = {
    .compress = compress,
    .expand = expand,
    .hash_runs = hash_runs,
    .compress_lanes = compress_lanes_16,
    .lanes = 16,
};
#endif
