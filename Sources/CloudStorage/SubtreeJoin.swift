// The digest of an object whose parts were hashed apart: the subtrees are put in order and joined,
// two of the same size to one of twice the size, and what is left at the end from right to left.

import Digests

/// Joins hashed parts, given in any order, to the digest of all.
struct SubtreeJoin {
  private var parts: [Blake3Subtree] = []

  /// Adds a part.
  mutating func add(_ part: Blake3Subtree) {
    parts.append(part)
  }

  /// The part that everything added makes up, which must lie side by side.
  func joined() -> Blake3Subtree {
    var stack: [Blake3Subtree] = []
    for part in parts.sorted(by: { $0.firstChunk < $1.firstChunk }) {
      var part = part
      while let left = stack.last, left.chunks == part.chunks, !left.isEnd,
        left.firstChunk & (2 * left.chunks - 1) == 0
      {
        stack.removeLast()
        part = join(left, part)
      }
      stack.append(part)
    }
    guard var whole = stack.popLast() else { preconditionFailure("nothing was hashed") }
    while let left = stack.popLast() { whole = join(left, whole) }
    return whole
  }

  private func join(_ left: Blake3Subtree, _ right: Blake3Subtree) -> Blake3Subtree {
    do throws(DigestsError) {
      return try left.joined(with: right)
    } catch {
      preconditionFailure("parts lie side by side: \(error)")
    }
  }
}

/// The hash of a part that begins at a byte which is a multiple of its size.
func subtree(of bytes: Span<UInt8>, at offset: UInt64) -> Blake3Subtree {
  do throws(DigestsError) {
    return try Blake3Subtree(of: bytes, atChunk: offset / UInt64(Blake3.chunkBytes))
  } catch {
    preconditionFailure("a part begins at a multiple of its size: \(error)")
  }
}
