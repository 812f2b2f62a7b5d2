// Several blocks at once: word i of every block lies in vector i, one block to a lane. Included
// once for each width by a level, which defines LANES, the type `words` of LANES 32-bit words, and
// `transpose`, which turns LANES vectors of a square around its diagonal. The names made here carry
// the width, so that a level may include several. With LANES 1, `words` is one plain word.

#define JOINED_(name, lanes) name##lanes
#define JOINED(name, lanes) JOINED_(name, lanes)
#define NAMED(name) JOINED(name, LANES)

INLINE words NAMED(rotated_)(words x, int bits) { return x >> bits | x << (32 - bits); }

// Mixes the four columns of the state, or with `turn` 1 its four diagonals. The four are done in
// step, so that each operation has three others to hide its latency behind.
INLINE void NAMED(mix_)(words v[16], const words m[16], const uint8_t s[8], int turn) {
#define A v[i]
#define B v[4 + ((i + turn) & 3)]
#define C v[8 + ((i + 2 * turn) & 3)]
#define D v[12 + ((i + 3 * turn) & 3)]
  UNROLL
  for (int i = 0; i < 4; i++) A += B + m[s[2 * i]];
  UNROLL
  for (int i = 0; i < 4; i++) D = NAMED(rotated_)(D ^ A, 16);
  UNROLL
  for (int i = 0; i < 4; i++) C += D;
  UNROLL
  for (int i = 0; i < 4; i++) B = NAMED(rotated_)(B ^ C, 12);
  UNROLL
  for (int i = 0; i < 4; i++) A += B + m[s[2 * i + 1]];
  UNROLL
  for (int i = 0; i < 4; i++) D = NAMED(rotated_)(D ^ A, 8);
  UNROLL
  for (int i = 0; i < 4; i++) C += D;
  UNROLL
  for (int i = 0; i < 4; i++) B = NAMED(rotated_)(B ^ C, 7);
#undef A
#undef B
#undef C
#undef D
}

INLINE void NAMED(seven_rounds_)(words v[16], const words m[16]) {
  UNROLL
  for (int round = 0; round < 7; round++) {
    NAMED(mix_)(v, m, SCHEDULE[round], 0);
    NAMED(mix_)(v, m, SCHEDULE[round] + 8, 1);
  }
}

// Loads one block a lane, so that m[i] holds word i of each.
INLINE void NAMED(load_)(words m[16], const uint8_t *const block[LANES], size_t offset) {
  UNROLL
  for (int part = 0; part < 16; part += LANES) {
    UNROLL
    for (int lane = 0; lane < LANES; lane++)
      memcpy(&m[part + lane], block[lane] + offset + part * 4, sizeof(words));
    NAMED(transpose_)(m + part);
  }
}

// Hashes `count` runs, at most LANES; lanes to spare repeat the last run.
static void NAMED(hash_runs_)(const runs *runs, size_t count, uint32_t (*values)[8]) {
  const uint8_t *run[LANES];
  uint32_t low[LANES], high[LANES];
  for (size_t lane = 0; lane < LANES; lane++) {
    size_t index = lane < count ? lane : count - 1;
    uint64_t counter = runs->counter + index * runs->counter_step;
    run[lane] = runs->first + index * runs->stride;
    low[lane] = (uint32_t)counter;
    high[lane] = (uint32_t)(counter >> 32);
  }
  words h[8];
  UNROLL
  for (int i = 0; i < 8; i++) h[i] = (words){0} + runs->key[i];

  for (size_t block = 0; block < runs->blocks; block++) {
    uint32_t flags = runs->flags;
    if (block == 0) flags |= runs->flags_first;
    if (block + 1 == runs->blocks) flags |= runs->flags_last;
    words v[16], m[16];
    NAMED(load_)(m, run, block * BLOCK_BYTES);
    // The runs are too many streams for the processor to foresee. As far ahead lies the next call's
    // block for this lane; fetching what does not exist does nothing.
    size_t ahead = LANES * runs->stride + block * BLOCK_BYTES;
    UNROLL
    for (int lane = 0; lane < LANES; lane++)
      __builtin_prefetch((const void *)((uintptr_t)run[lane] + ahead));
    UNROLL
    for (int i = 0; i < 8; i++) v[i] = h[i];
    UNROLL
    for (int i = 0; i < 4; i++) v[8 + i] = (words){0} + INITIAL[i];
    memcpy(&v[12], low, sizeof(words));
    memcpy(&v[13], high, sizeof(words));
    v[14] = (words){0} + BLOCK_BYTES;
    v[15] = (words){0} + flags;
    NAMED(seven_rounds_)(v, m);
    UNROLL
    for (int i = 0; i < 8; i++) h[i] = v[i] ^ v[8 + i];
  }

  uint32_t lanes[8][LANES];
  memcpy(lanes, h, sizeof lanes);
  for (size_t lane = 0; lane < count; lane++) UNROLL
  for (int i = 0; i < 8; i++) values[lane][i] = lanes[i][lane];
}

// Mixes one block into each lane's value.
__attribute__((unused)) static void NAMED(compress_lanes_)(lane_blocks *blocks) {
  words v[16], m[16];
  NAMED(load_)(m, blocks->block, 0);
  UNROLL
  for (int i = 0; i < 8; i++) memcpy(&v[i], blocks->value[i], sizeof(words));
  UNROLL
  for (int i = 0; i < 4; i++) v[8 + i] = (words){0} + INITIAL[i];
  v[12] = v[13] = (words){0};
  memcpy(&v[14], blocks->length, sizeof(words));
  memcpy(&v[15], blocks->flags, sizeof(words));
  NAMED(seven_rounds_)(v, m);
  UNROLL
  for (int i = 0; i < 8; i++) {
    words h = v[i] ^ v[8 + i];
    memcpy(blocks->value[i], &h, sizeof(words));
  }
}

#undef NAMED
#undef JOINED
#undef JOINED_
