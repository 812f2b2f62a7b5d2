// What the levels have in common: the constants of the function, and the table of kernels that a
// level offers. `blake3.c` builds the tree out of these and knows no instruction set.
#pragma once
#include <stddef.h>
#include <stdint.h>

// A function that must dissolve into its caller, and a loop that must dissolve into its steps, so
// that arrays of vectors become registers.
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

enum { BLOCK_BYTES = 64, LANES_MAX = 16 };

// The domain flags of the specification.
enum {
  CHUNK_START = 1 << 0,
  CHUNK_END = 1 << 1,
  PARENT = 1 << 2,
  ROOT = 1 << 3,
  KEYED_HASH = 1 << 4,
  DERIVE_KEY_CONTEXT = 1 << 5,
  DERIVE_KEY_MATERIAL = 1 << 6,
};

static const uint32_t INITIAL[8] = {
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
};

// Which message word goes where in each of the seven rounds: two to each of four columns, then
// two to each of four diagonals.
static const uint8_t SCHEDULE[7][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8},
    {3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1},
    {10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6},
    {12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4},
    {9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7},
    {11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13},
};

// Runs of blocks that begin at equal distances: whole chunks, or the pairs of values of parents.
typedef struct {
  const uint8_t *first;
  size_t stride;
  size_t blocks;  // in each run
  const uint32_t *key;
  uint64_t counter;       // of the first run
  uint32_t counter_step;  // 1 for chunks, 0 for parents
  uint32_t flags;         // on every block
  uint32_t flags_first;   // and on the first of a run
  uint32_t flags_last;    // and on the last
} runs;

// One block of each of several inputs, each with its own length and flags; all are chunk number 0.
typedef struct {
  uint32_t value[8][LANES_MAX];
  const uint8_t *block[LANES_MAX];
  uint32_t length[LANES_MAX];
  uint32_t flags[LANES_MAX];
} lane_blocks;

// What a level computes with. Of these, only `compress` and `expand` work on one block alone.
typedef struct {
  // Mixes one block into a chaining value.
  void (*compress)(uint32_t value[8], const uint8_t *block, uint32_t length, uint64_t counter,
                   uint32_t flags);
  // The same, giving all 64 bytes of output instead.
  void (*expand)(const uint32_t value[8], const uint8_t *block, uint32_t length, uint64_t counter,
                 uint32_t flags, uint32_t output[16]);
  // Hashes some of the first `count` runs, at least one; returns how many.
  size_t (*hash_runs)(const runs *runs, size_t count, uint32_t (*values)[8]);
  // Mixes one block into the value of each lane.
  void (*compress_lanes)(lane_blocks *blocks);
  size_t lanes;
} kernels;

// One block in plain words, which no vector beats until rotations of vectors are an instruction.
void blake3_compress(uint32_t value[8], const uint8_t *block, uint32_t length, uint64_t counter,
                     uint32_t flags);
void blake3_expand(const uint32_t value[8], const uint8_t *block, uint32_t length, uint64_t counter,
                   uint32_t flags, uint32_t output[16]);

extern const kernels blake3_portable;
#if defined(__x86_64__)
extern const kernels blake3_sse41;
extern const kernels blake3_avx2;
extern const kernels blake3_avx512;
#endif
