// A part of a BLAKE3 input, hashed on its own. Parts that lie side by side are joined to the part
// they make up together, and the part that is everything gives the digest of the whole:
//
//              digest                 a whole part has 1, 2, 4, 8 … chunks of 1 KiB and begins
//             ╱      ╲                at a multiple of its own size; only the one that ends
//          8            5             the input may have any size
//        ╱   ╲        ╱   ╲
//      4       4    4      1

import CBlake3

/// A hashed part of an input that may be joined with its neighbour.
package struct Blake3Subtree: Sendable {
  let node: cblake3_node
  private let mode: Blake3Mode
  /// The number of its first chunk in the whole input.
  package let firstChunk: UInt64
  /// How many chunks it has; the last may be short.
  package let chunks: UInt64
  /// True when nothing can follow, because its size is not a power of two of whole chunks.
  package let isEnd: Bool

  /// Hashes a part that begins at chunk number `firstChunk`; throws `.noSubtree` when no part of
  /// this size stands there.
  package init(
    of bytes: Span<UInt8>, atChunk firstChunk: UInt64, _ mode: Blake3Mode = .plain
  ) throws(DigestsError) {
    let chunks = UInt64(max(1, (bytes.count + Blake3.chunkBytes - 1) / Blake3.chunkBytes))
    guard firstChunk & (Self.powerOfTwo(atLeast: chunks) - 1) == 0,
      !firstChunk.addingReportingOverflow(chunks).overflow
    else {
      throw .noSubtree(firstChunk: firstChunk, chunks: chunks)
    }
    self.mode = mode
    self.firstChunk = firstChunk
    self.chunks = chunks
    isEnd = bytes.count % Blake3.chunkBytes != 0 || bytes.count == 0 || chunks & (chunks - 1) != 0
    node = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe cblake3_subtree(mode.wall, bytes.baseAddress, bytes.count, firstChunk)
    }
  }

  private init(left: Blake3Subtree, right: Blake3Subtree) {
    mode = left.mode
    firstChunk = left.firstChunk
    chunks = left.chunks + right.chunks
    isEnd = right.isEnd || right.chunks < left.chunks
    node = cblake3_parent(mode.wall, left.node, right.node)
  }

  /// The part that this one and the one to its right, of the same mode, make up together; throws
  /// `.notSiblings` when they are not the two children of one node.
  package func joined(with right: Blake3Subtree) throws(DigestsError) -> Blake3Subtree {
    guard !isEnd, right.firstChunk == firstChunk + chunks, right.chunks <= chunks,
      firstChunk & (2 * chunks - 1) == 0
    else { throw .notSiblings }
    return Blake3Subtree(left: self, right: right)
  }

  /// The chaining value: what its parent is made of.
  package var chainingValue: [UInt8] {
    Bytes32(cblake3_chaining_value(mode.wall, node).words).bytes
  }

  /// The digest of an input that consists of this part alone.
  package var digest: Blake3Digest {
    precondition(firstChunk == 0, "a part from the middle is not the whole")
    return Blake3Digest(Bytes32(cblake3_root_digest(mode.wall, node).words))
  }

  private static func powerOfTwo(atLeast count: UInt64) -> UInt64 {
    count <= 1 ? 1 : 1 << UInt64(64 - (count - 1).leadingZeroBitCount)
  }
}

extension Blake3 {
  /// The bytes of a chunk, the leaf of the tree.
  package static let chunkBytes = 1_024
}
