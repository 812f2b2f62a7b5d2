// The BLAKE3 digest of an object whose parts pass side by side. Each thread hashes its part to
// subtrees, outside of any lock; whoever delivers the next part in order joins what has come. So
// the bytes are read once, and held by nobody.

package import Digests
import Synchronization

/// The digest of bytes that pass in parts, in any order and on any thread.
package final class PartsDigest: Sendable {
  /// A part as it waits for those before it.
  private struct Part: Sendable {
    var subtrees: [Blake3Subtree] = []
    /// What ends the input behind its last whole chunk.
    var rest: [UInt8] = []
  }

  private struct State: ~Copyable {
    var hasher = Blake3()
    var next = 0
    var waiting: [Int: Part] = [:]
  }

  private let partBytes: Int
  private let state: Mutex<State>

  /// Parts have `partBytes`, a power of two of at least 1 KiB; only the last may be shorter.
  package init(partBytes: Int) {
    precondition(
      partBytes >= Blake3.chunkBytes && partBytes & (partBytes - 1) == 0,
      "a part is a subtree of the digest")
    self.partBytes = partBytes
    state = Mutex(State())
  }

  /// Takes the bytes of a part, numbered from 0, once they are known to be right. Taken again, a
  /// part changes nothing.
  package func take(_ bytes: Span<UInt8>, part number: Int) {
    let part = hashed(bytes, number)
    state.withLock { (state: inout State) in
      guard number >= state.next else { return }
      state.waiting[number] = part
      while let part = state.waiting.removeValue(forKey: state.next) {
        Self.join(part, into: &state.hasher)
        state.next += 1
      }
    }
  }

  /// The digest of the parts up to the first that is missing.
  package var digest: Blake3Digest {
    state.withLock { $0.hasher.digest() }
  }

  private func hashed(_ bytes: Span<UInt8>, _ number: Int) -> Part {
    precondition(bytes.count <= partBytes, "a part is no longer than was said")
    var part = Part()
    var offset = 0
    // What is shorter than a whole part is cut into the subtrees it has, the largest first.
    while bytes.count - offset >= Blake3.chunkBytes {
      var size = partBytes
      while size > bytes.count - offset { size >>= 1 }
      let first = UInt64(number) * UInt64(partBytes) + UInt64(offset)
      do throws(DigestsError) {
        part.subtrees.append(
          try Blake3Subtree(
            of: bytes.extracting(offset..<offset + size),
            atChunk: first / UInt64(Blake3.chunkBytes)))
      } catch {
        preconditionFailure("a power of two at its own multiple is a subtree: \(error)")
      }
      offset += size
    }
    for index in offset..<bytes.count { part.rest.append(bytes[index]) }
    return part
  }

  private static func join(_ part: Part, into hasher: inout Blake3) {
    for subtree in part.subtrees {
      do throws(DigestsError) {
        try hasher.update(subtree)
      } catch {
        preconditionFailure("parts are joined in order: \(error)")
      }
    }
    hasher.update(part.rest)
  }
}
