// BLAKE3, our own: https://github.com/BLAKE3-team/BLAKE3-specs/blob/master/blake3.pdf
//
// Input is cut into chunks of 1 KiB, each hashed to a chaining value of 32 bytes; pairs of values
// are hashed to their parent's, and the node at the top, told apart by a flag, gives the digest.
// Hence parts may be hashed anywhere and joined: see `cblake3_subtree`.
//
// No function allocates, blocks, fails or keeps state between calls; hashers are plain memory that
// may be copied. A null pointer is fine wherever its count is zero.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// The bytes of a chunk, the leaf of the tree.
enum { CBLAKE3_CHUNK_BYTES = 1024 };

/// A digest or chaining value: its 32 bytes as they lie in memory.
typedef struct cblake3_value {
  uint64_t words[4];
} cblake3_value;

/// Which instructions are used; all give the same bytes.
enum {
  CBLAKE3_PORTABLE = 0,
  CBLAKE3_SSE41 = 1,
  CBLAKE3_AVX2 = 2,
  CBLAKE3_AVX512 = 3,
};

/// The best level that this processor runs.
int cblake3_best_level(void);

/// What tells one use of the function from another: key, flags, and the level that computes it.
typedef struct cblake3_mode {
  uint32_t key[8];
  uint32_t flags;
  int level;
} cblake3_mode;

/// The plain hash. A level above the processor's best is lowered to it, here and below.
cblake3_mode cblake3_plain(int level);
/// The hash under a secret key of 32 bytes.
cblake3_mode cblake3_keyed(const uint8_t key[32], int level);
/// A key derivation under a context, which should be unique to its use and written in the program.
cblake3_mode cblake3_deriving(const void *context, size_t count, int level);

/// The digest of bytes that are all there.
cblake3_value cblake3_digest(cblake3_mode mode, const void *bytes, size_t count);

/// Where one of many inputs lies, counted from a common start.
typedef struct cblake3_part {
  size_t start;
  size_t count;
} cblake3_part;

/// The digests of many inputs, several at once; best where each is at most a chunk.
void cblake3_digest_many(cblake3_mode mode, const void *bytes, const cblake3_part *parts,
                         size_t count, cblake3_value *digests);

/// A node of the tree before it is compressed: its value can be made of it, or, were it the root,
/// the digest and any part of the longer output.
typedef struct cblake3_node {
  uint32_t value[8];
  uint8_t block[64];
  uint32_t length;
  uint32_t flags;
  uint64_t counter;
} cblake3_node;

/// The topmost node of bytes that begin at chunk number `chunk` of an input. Unless they are its
/// end, `count` is a chunk times a power of two; `chunk` is a multiple of that power, or, for the
/// end, of the next one up.
cblake3_node cblake3_subtree(cblake3_mode mode, const void *bytes, size_t count, uint64_t chunk);
/// The parent of two subtrees that lie side by side.
cblake3_node cblake3_parent(cblake3_mode mode, cblake3_node left, cblake3_node right);
/// The chaining value of a node below the root.
cblake3_value cblake3_chaining_value(cblake3_mode mode, cblake3_node node);
/// The digest of an input whose topmost node this is.
cblake3_value cblake3_root_digest(cblake3_mode mode, cblake3_node root);
/// Writes `count` bytes, from `offset`, of the output of an input whose topmost node this is.
void cblake3_output(cblake3_mode mode, cblake3_node root, uint64_t offset, uint8_t *output,
                    size_t count);

/// A hash in progress.
typedef struct cblake3_hasher {
  cblake3_mode mode;
  uint64_t chunks;    // whole chunks whose values are on the stack
  uint32_t value[8];  // of the chunk in progress, its held block excluded
  uint8_t block[64];  // the last block of the chunk in progress, held until more follows
  uint8_t held;       // bytes in it
  uint8_t blocks;     // blocks of the chunk in progress that are in `value`
  uint8_t depth;      // values on the stack
  uint32_t stack[55][8];
} cblake3_hasher;

/// Begins a hash.
void cblake3_start(cblake3_hasher *hasher, cblake3_mode mode);
/// Takes the next bytes.
void cblake3_update(cblake3_hasher *hasher, const void *bytes, size_t count);
/// Takes a subtree of `chunks` whole chunks, a power of two, that was hashed elsewhere as standing
/// at chunk number `chunk`. Returns -1, and takes nothing, when what was taken before does not end
/// there, or no subtree of that size stands there.
int cblake3_update_subtree(cblake3_hasher *hasher, cblake3_node subtree, uint64_t chunk,
                           uint64_t chunks);
/// The topmost node of what was taken so far; more may be taken afterwards.
cblake3_node cblake3_top(const cblake3_hasher *hasher);
/// Forgets everything, the key included, in a way that no compiler leaves out.
void cblake3_wipe(cblake3_hasher *hasher);
