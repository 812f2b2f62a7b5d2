// The tree over the kernels: chunks to values, values to parents, the hasher with its stack, and
// many small inputs at once.
//
// A subtree of many chunks is reduced to at most sixteen values, not one, before it meets its
// sibling, so that parents fill the lanes as chunks do; only the last few levels of a whole input
// are narrow. In the hasher, a value stays unmerged until one that follows it proves that their
// parent is not the root.
#include <stdbool.h>
#include <string.h>

#include "include/CBlake3.h"
#include "kernels.h"

enum {
  CHUNK_BYTES = CBLAKE3_CHUNK_BYTES,
  CHUNK_BLOCKS = CHUNK_BYTES / BLOCK_BYTES,
  VALUES_MAX = 16
};

typedef uint32_t value[8];

// Levels and modes

int cblake3_best_level(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
    return CBLAKE3_AVX512;
  if (__builtin_cpu_supports("avx2")) return CBLAKE3_AVX2;
  if (__builtin_cpu_supports("sse4.1")) return CBLAKE3_SSE41;
#endif
  return CBLAKE3_PORTABLE;
}

static const kernels *kernels_of(const cblake3_mode *mode) {
#if defined(__x86_64__)
  switch (mode->level) {
    case CBLAKE3_AVX512:
      return &blake3_avx512;
    case CBLAKE3_AVX2:
      return &blake3_avx2;
    case CBLAKE3_SSE41:
      return &blake3_sse41;
    default:
      break;
  }
#else
  (void)mode;
#endif
  return &blake3_portable;
}

static cblake3_mode mode_of(const uint32_t key[8], uint32_t flags, int level) {
  int best = cblake3_best_level();
  cblake3_mode mode = {.flags = flags, .level = level < best ? level : best};
  memcpy(mode.key, key, sizeof mode.key);
  return mode;
}

cblake3_mode cblake3_plain(int level) { return mode_of(INITIAL, 0, level); }

cblake3_mode cblake3_keyed(const uint8_t key[32], int level) {
  uint32_t words[8];
  memcpy(words, key, sizeof words);
  return mode_of(words, KEYED_HASH, level);
}

cblake3_mode cblake3_deriving(const void *context, size_t count, int level) {
  cblake3_mode outer = mode_of(INITIAL, DERIVE_KEY_CONTEXT, level);
  cblake3_value digest = cblake3_digest(outer, context, count);
  uint32_t key[8];
  memcpy(key, &digest, sizeof key);
  return mode_of(key, DERIVE_KEY_MATERIAL, level);
}

// Chunks and parents

// The node of one chunk of at most CHUNK_BYTES.
static cblake3_node chunk_node(const cblake3_mode *mode, const uint8_t *bytes, size_t count,
                               uint64_t chunk) {
  const kernels *kernels = kernels_of(mode);
  cblake3_node node = {.flags = mode->flags | CHUNK_START, .counter = chunk};
  memcpy(node.value, mode->key, sizeof node.value);
  for (; count > BLOCK_BYTES; bytes += BLOCK_BYTES, count -= BLOCK_BYTES) {
    kernels->compress(node.value, bytes, BLOCK_BYTES, chunk, node.flags);
    node.flags = mode->flags;
  }
  if (count > 0) memcpy(node.block, bytes, count);
  node.length = (uint32_t)count;
  node.flags |= CHUNK_END;
  return node;
}

static cblake3_node parent_node(const cblake3_mode *mode, const value left, const value right) {
  cblake3_node node = {.length = BLOCK_BYTES, .flags = mode->flags | PARENT};
  memcpy(node.value, mode->key, sizeof node.value);
  memcpy(node.block, left, sizeof(value));
  memcpy(node.block + sizeof(value), right, sizeof(value));
  return node;
}

// The value of a node, or, with ROOT in `extra`, the digest.
static void compress_node(const cblake3_mode *mode, const cblake3_node *node, uint32_t extra,
                          void *result) {
  value value;
  memcpy(value, node->value, sizeof value);
  kernels_of(mode)->compress(value, node->block, node->length, node->counter, node->flags | extra);
  memcpy(result, value, sizeof value);
}

// The values of at most VALUES_MAX chunks, of which the last may be short; returns how many.
static size_t hash_chunks(const cblake3_mode *mode, const uint8_t *bytes, size_t count,
                          uint64_t chunk, value *values) {
  const kernels *kernels = kernels_of(mode);
  size_t whole = count / CHUNK_BYTES;
  size_t done = 0;
  while (whole - done > 1) {
    runs chunks = {
        .first = bytes + done * CHUNK_BYTES,
        .stride = CHUNK_BYTES,
        .blocks = CHUNK_BLOCKS,
        .key = mode->key,
        .counter = chunk + done,
        .counter_step = 1,
        .flags = mode->flags,
        .flags_first = CHUNK_START,
        .flags_last = CHUNK_END,
    };
    done += kernels->hash_runs(&chunks, whole - done, values + done);
  }
  for (; done * CHUNK_BYTES < count; done++) {
    size_t start = done * CHUNK_BYTES;
    size_t length = count - start < CHUNK_BYTES ? count - start : CHUNK_BYTES;
    cblake3_node node = chunk_node(mode, bytes + start, length, chunk + done);
    compress_node(mode, &node, 0, values[done]);
  }
  return done;
}

// Replaces values by those of their parents, left to right; one without a sibling stays. `parents`
// may be `values` itself.
static size_t hash_parents(const cblake3_mode *mode, const value *values, size_t count,
                           value *parents) {
  const kernels *kernels = kernels_of(mode);
  size_t pairs = count / 2;
  size_t done = 0;
  while (pairs - done > 1) {
    runs blocks = {
        .first = (const uint8_t *)values[2 * done],
        .stride = BLOCK_BYTES,
        .blocks = 1,
        .key = mode->key,
        .flags = mode->flags | PARENT,
    };
    done += kernels->hash_runs(&blocks, pairs - done, parents + done);
  }
  for (; done < pairs; done++) {
    cblake3_node node = parent_node(mode, values[2 * done], values[2 * done + 1]);
    compress_node(mode, &node, 0, parents[done]);
  }
  if (count % 2) memmove(parents[pairs], values[count - 1], sizeof(value));
  return pairs + count % 2;
}

// The largest number of bytes below `count` that is a chunk times a power of two.
static size_t left_bytes(size_t count) {
  size_t chunks = (count - 1) / CHUNK_BYTES;
  return (size_t)CHUNK_BYTES << (63 - __builtin_clzll(chunks));
}

// Reduces bytes to at most VALUES_MAX values of subtrees, and to at least two where there is more
// than a chunk; returns how many. A power of two of chunks gives that many values or VALUES_MAX, so
// the left half of a split always has its siblings to itself.
static size_t hash_subtrees(const cblake3_mode *mode, const uint8_t *bytes, size_t count,
                            uint64_t chunk, value *values) {
  if (count <= VALUES_MAX * CHUNK_BYTES) return hash_chunks(mode, bytes, count, chunk, values);
  value halves[2 * VALUES_MAX];
  size_t left = left_bytes(count);
  size_t got = hash_subtrees(mode, bytes, left, chunk, halves);
  got += hash_subtrees(mode, bytes + left, count - left, chunk + left / CHUNK_BYTES, halves + got);
  return hash_parents(mode, halves, got, values);
}

// The topmost node of bytes that are a subtree from chunk number `chunk`.
static cblake3_node top_node(const cblake3_mode *mode, const uint8_t *bytes, size_t count,
                             uint64_t chunk) {
  if (count <= CHUNK_BYTES) return chunk_node(mode, bytes, count, chunk);
  value values[VALUES_MAX];
  size_t left = hash_subtrees(mode, bytes, count, chunk, values);
  while (left > 2) left = hash_parents(mode, values, left, values);
  return parent_node(mode, values[0], values[1]);
}

cblake3_value cblake3_digest(cblake3_mode mode, const void *bytes, size_t count) {
  cblake3_node top = top_node(&mode, bytes, count, 0);
  cblake3_value digest;
  compress_node(&mode, &top, ROOT, &digest);
  return digest;
}

cblake3_node cblake3_subtree(cblake3_mode mode, const void *bytes, size_t count, uint64_t chunk) {
  return top_node(&mode, bytes, count, chunk);
}

cblake3_node cblake3_parent(cblake3_mode mode, cblake3_node left, cblake3_node right) {
  value pair[2];
  compress_node(&mode, &left, 0, pair[0]);
  compress_node(&mode, &right, 0, pair[1]);
  return parent_node(&mode, pair[0], pair[1]);
}

cblake3_value cblake3_chaining_value(cblake3_mode mode, cblake3_node node) {
  cblake3_value value;
  compress_node(&mode, &node, 0, &value);
  return value;
}

cblake3_value cblake3_root_digest(cblake3_mode mode, cblake3_node root) {
  cblake3_value digest;
  compress_node(&mode, &root, ROOT, &digest);
  return digest;
}

void cblake3_output(cblake3_mode mode, cblake3_node root, uint64_t offset, uint8_t *output,
                    size_t count) {
  const kernels *kernels = kernels_of(&mode);
  size_t skipped = offset % BLOCK_BYTES;
  for (uint64_t counter = offset / BLOCK_BYTES; count > 0; counter++) {
    uint32_t words[16];
    kernels->expand(root.value, root.block, root.length, counter, root.flags | ROOT, words);
    size_t taken = BLOCK_BYTES - skipped < count ? BLOCK_BYTES - skipped : count;
    memcpy(output, (const uint8_t *)words + skipped, taken);
    output += taken;
    count -= taken;
    skipped = 0;
  }
}

// Many small inputs

// Inputs on their way through the lanes, each lane at its own block. A lane takes the next input as
// soon as its own is done, so lanes stay full whatever the lengths.
typedef struct {
  const cblake3_mode *mode;
  const uint8_t *bytes;
  const cblake3_part *parts;
  size_t count;
  size_t next;  // the first input that no lane has taken
  cblake3_value *digests;

  lane_blocks blocks;
  size_t input[LANES_MAX];         // the number of the input a lane works on
  const uint8_t *rest[LANES_MAX];  // what follows the lane's current block
  size_t rest_count[LANES_MAX];
  bool busy[LANES_MAX];
  uint8_t padded[LANES_MAX][BLOCK_BYTES];
} lane_work;

// Makes the next bytes of its input the lane's current block.
static void load_block(lane_work *work, size_t lane, uint32_t flags) {
  size_t count = work->rest_count[lane];
  if (count > BLOCK_BYTES) {
    work->blocks.block[lane] = work->rest[lane];
    work->rest[lane] += BLOCK_BYTES;
    work->rest_count[lane] -= BLOCK_BYTES;
    count = BLOCK_BYTES;
  } else {
    memset(work->padded[lane], 0, BLOCK_BYTES);
    if (count > 0) memcpy(work->padded[lane], work->rest[lane], count);
    work->blocks.block[lane] = work->padded[lane];
    work->rest_count[lane] = 0;
    flags |= CHUNK_END | ROOT;
  }
  work->blocks.length[lane] = (uint32_t)count;
  work->blocks.flags[lane] = flags;
}

// Gives the lane the next input, or leaves it idle when none is left. Inputs of more than a chunk
// are passed over here; they have lanes' worth of chunks of their own.
static void take_input(lane_work *work, size_t lane) {
  work->busy[lane] = false;
  while (work->next < work->count && !work->busy[lane]) {
    size_t number = work->next++;
    cblake3_part part = work->parts[number];
    if (part.count > CHUNK_BYTES) {
      const uint8_t *bytes = work->bytes + part.start;
      work->digests[number] = cblake3_digest(*work->mode, bytes, part.count);
      continue;
    }
    work->busy[lane] = true;
    work->input[lane] = number;
    work->rest[lane] = part.count > 0 ? work->bytes + part.start : NULL;
    work->rest_count[lane] = part.count;
    for (int i = 0; i < 8; i++) work->blocks.value[i][lane] = work->mode->key[i];
    load_block(work, lane, work->mode->flags | CHUNK_START);
  }
}

// Takes the lane on to its next block, or, behind the last, to its next input.
static void advance(lane_work *work, size_t lane) {
  if (work->blocks.flags[lane] & ROOT) {
    value digest;
    for (int i = 0; i < 8; i++) digest[i] = work->blocks.value[i][lane];
    memcpy(&work->digests[work->input[lane]], digest, sizeof digest);
    take_input(work, lane);
  } else {
    load_block(work, lane, work->mode->flags);
  }
}

void cblake3_digest_many(cblake3_mode mode, const void *bytes, const cblake3_part *parts,
                         size_t count, cblake3_value *digests) {
  const kernels *kernels = kernels_of(&mode);
  if (kernels->lanes == 1 || count < kernels->lanes / 4) {
    for (size_t i = 0; i < count; i++)
      digests[i] = cblake3_digest(mode, (const uint8_t *)bytes + parts[i].start, parts[i].count);
    return;
  }
  lane_work work = {
      .mode = &mode, .bytes = bytes, .parts = parts, .count = count, .digests = digests};
  for (size_t lane = 0; lane < kernels->lanes; lane++) {
    work.blocks.block[lane] = work.padded[lane];
    take_input(&work, lane);
  }
  for (size_t busy = 1; busy > 0;) {
    kernels->compress_lanes(&work.blocks);
    busy = 0;
    for (size_t lane = 0; lane < kernels->lanes; lane++) {
      if (work.busy[lane]) advance(&work, lane);
      busy += work.busy[lane];
    }
  }
}

// The hasher

void cblake3_start(cblake3_hasher *hasher, cblake3_mode mode) {
  hasher->mode = mode;
  hasher->chunks = 0;
  hasher->held = hasher->blocks = hasher->depth = 0;
}

// How many bytes of the chunk in progress are there.
static size_t chunk_count(const cblake3_hasher *hasher) {
  return (size_t)hasher->blocks * BLOCK_BYTES + hasher->held;
}

static uint32_t chunk_flags(const cblake3_hasher *hasher) {
  return hasher->mode.flags | (hasher->blocks == 0 ? CHUNK_START : 0);
}

static void mix_block(cblake3_hasher *hasher, const uint8_t *block) {
  if (hasher->blocks == 0) memcpy(hasher->value, hasher->mode.key, sizeof hasher->value);
  kernels_of(&hasher->mode)
      ->compress(hasher->value, block, BLOCK_BYTES, hasher->chunks, chunk_flags(hasher));
  hasher->blocks++;
}

// Takes bytes into the chunk in progress, which has room for them; its last block is held back.
static void fill_chunk(cblake3_hasher *hasher, const uint8_t *bytes, size_t count) {
  while (count > 0) {
    if (hasher->held == BLOCK_BYTES) {
      mix_block(hasher, hasher->block);
      hasher->held = 0;
    }
    while (hasher->held == 0 && count > BLOCK_BYTES) {
      mix_block(hasher, bytes);
      bytes += BLOCK_BYTES;
      count -= BLOCK_BYTES;
    }
    size_t room = BLOCK_BYTES - hasher->held;
    size_t taken = count < room ? count : room;
    memcpy(hasher->block + hasher->held, bytes, taken);
    hasher->held += (uint8_t)taken;
    bytes += taken;
    count -= taken;
  }
}

// Merges siblings until one value is left for each bit of the count of chunks. Only to be called
// when more input is certain, because the merged ones cannot become the root any more.
static void merge(cblake3_hasher *hasher) {
  while (hasher->depth > __builtin_popcountll(hasher->chunks)) {
    value *pair = &hasher->stack[--hasher->depth - 1];
    cblake3_node node = parent_node(&hasher->mode, pair[0], pair[1]);
    compress_node(&hasher->mode, &node, 0, pair[0]);
  }
}

// Puts the value of the next `chunks` chunks on the stack.
static void push(cblake3_hasher *hasher, const value next, uint64_t chunks) {
  merge(hasher);
  memcpy(hasher->stack[hasher->depth++], next, sizeof(value));
  hasher->chunks += chunks;
}

static cblake3_node chunk_in_progress(const cblake3_hasher *hasher) {
  cblake3_node node = {
      .length = hasher->held, .flags = chunk_flags(hasher) | CHUNK_END, .counter = hasher->chunks};
  memcpy(node.value, hasher->blocks == 0 ? hasher->mode.key : hasher->value, sizeof node.value);
  memcpy(node.block, hasher->block, hasher->held);
  return node;
}

static void end_chunk(cblake3_hasher *hasher) {
  cblake3_node chunk = chunk_in_progress(hasher);
  value value;
  compress_node(&hasher->mode, &chunk, 0, value);
  push(hasher, value, 1);
  hasher->held = hasher->blocks = 0;
}

// Puts a parent on the stack as the two halves of `chunks` chunks, for it may yet be the root.
static void push_halves(cblake3_hasher *hasher, const cblake3_node *parent, uint64_t chunks) {
  value pair[2];
  memcpy(pair, parent->block, sizeof pair);
  push(hasher, pair[0], chunks / 2);
  push(hasher, pair[1], chunks / 2);
}

// The largest subtree of more than a chunk's bytes that may stand at chunk number `chunk` and lies
// within `count` bytes; a chunk's bytes where only one chunk fits.
static size_t subtree_bytes(uint64_t chunk, size_t count) {
  uint64_t chunks = 1ull << (63 - __builtin_clzll(count / CHUNK_BYTES));
  uint64_t aligned = chunk & -chunk;
  return (size_t)(chunk != 0 && aligned < chunks ? aligned : chunks) * CHUNK_BYTES;
}

void cblake3_update(cblake3_hasher *hasher, const void *input, size_t count) {
  const uint8_t *bytes = input;
  if (chunk_count(hasher) > 0) {
    size_t room = CHUNK_BYTES - chunk_count(hasher);
    size_t taken = count < room ? count : room;
    fill_chunk(hasher, bytes, taken);
    bytes += taken;
    count -= taken;
    if (count == 0) return;
    end_chunk(hasher);
  }
  while (count > CHUNK_BYTES) {
    size_t size = subtree_bytes(hasher->chunks, count);
    cblake3_node top = top_node(&hasher->mode, bytes, size, hasher->chunks);
    if (size == CHUNK_BYTES) {
      value value;
      compress_node(&hasher->mode, &top, 0, value);
      push(hasher, value, 1);
    } else {
      push_halves(hasher, &top, size / CHUNK_BYTES);
    }
    bytes += size;
    count -= size;
  }
  if (count == 0) return;
  merge(hasher);
  fill_chunk(hasher, bytes, count);
}

int cblake3_update_subtree(cblake3_hasher *hasher, cblake3_node subtree, uint64_t chunk,
                           uint64_t chunks) {
  bool chunk_ends = chunk_count(hasher) == CHUNK_BYTES;
  if (!chunk_ends && chunk_count(hasher) > 0) return -1;
  if (hasher->chunks + chunk_ends != chunk) return -1;
  if (chunks == 0 || (chunks & (chunks - 1)) != 0 || (chunk & (chunks - 1)) != 0) return -1;
  if (chunk_ends) end_chunk(hasher);
  if (chunks > 1) {
    push_halves(hasher, &subtree, chunks);
    return 0;
  }
  merge(hasher);
  memcpy(hasher->value, subtree.value, sizeof hasher->value);
  memcpy(hasher->block, subtree.block, sizeof hasher->block);
  hasher->held = BLOCK_BYTES;
  hasher->blocks = CHUNK_BLOCKS - 1;
  return 0;
}

cblake3_node cblake3_top(const cblake3_hasher *hasher) {
  const cblake3_mode *mode = &hasher->mode;
  size_t depth = hasher->depth;
  cblake3_node top;
  if (depth == 0 || chunk_count(hasher) > 0) {
    top = chunk_in_progress(hasher);
  } else {
    // Nothing is held, so what was taken ended with two halves of a subtree.
    depth -= 2;
    top = parent_node(mode, hasher->stack[depth], hasher->stack[depth + 1]);
  }
  while (depth > 0) {
    value right;
    compress_node(mode, &top, 0, right);
    top = parent_node(mode, hasher->stack[--depth], right);
  }
  return top;
}

void cblake3_wipe(cblake3_hasher *hasher) {
  memset(hasher, 0, sizeof *hasher);
  __asm__ volatile("" : : "r"(hasher) : "memory");
}
