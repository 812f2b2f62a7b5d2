// BLAKE3 of bytes that are all there, that come in pieces, or that are many and small.

import CBlake3

/// A BLAKE3 hash in progress, and the doors to hashing at once.
@safe package struct Blake3: ~Copyable {
  private let hasher: UnsafeMutablePointer<cblake3_hasher>

  package init(_ mode: Blake3Mode = .plain) {
    unsafe hasher = .allocate(capacity: 1)
    unsafe cblake3_start(hasher, mode.wall)
  }

  deinit {
    unsafe cblake3_wipe(hasher)
    unsafe hasher.deallocate()
  }

  /// Takes the next bytes.
  package mutating func update(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe cblake3_update(hasher, bytes.baseAddress, bytes.count)
    }
  }

  /// Takes the next bytes.
  package mutating func update(_ bytes: [UInt8]) {
    update(bytes.span)
  }

  /// Takes a part that was hashed elsewhere, under the same mode.
  ///
  /// Throws `.noSubtree`, and takes nothing, unless what was taken ends where the part begins. The
  /// short end of an input is taken as bytes instead.
  package mutating func update(_ part: Blake3Subtree) throws(DigestsError) {
    guard !part.isEnd,
      unsafe cblake3_update_subtree(hasher, part.node, part.firstChunk, part.chunks) == 0
    else {
      throw .noSubtree(firstChunk: part.firstChunk, chunks: part.chunks)
    }
  }

  /// The digest of what was taken so far; more may follow.
  package func digest() -> Blake3Digest {
    Blake3Digest(
      Bytes32(unsafe cblake3_root_digest(hasher.pointee.mode, cblake3_top(hasher)).words))
  }

  /// `count` bytes of the output of any length that begins with the digest, from `offset`.
  package func output(count: Int, from offset: UInt64 = 0) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      unsafe cblake3_output(
        hasher.pointee.mode, cblake3_top(hasher), offset, buffer.baseAddress, count)
      initialized = count
    }
  }
}

extension Blake3 {
  /// The digest of bytes that are all there.
  package static func digest(
    of bytes: Span<UInt8>, _ mode: Blake3Mode = .plain
  ) -> Blake3Digest {
    Blake3Digest(
      Bytes32(
        unsafe bytes.withUnsafeBufferPointer { bytes in
          unsafe cblake3_digest(mode.wall, bytes.baseAddress, bytes.count).words
        }))
  }

  /// The digest of bytes that are all there.
  package static func digest(of bytes: [UInt8], _ mode: Blake3Mode = .plain) -> Blake3Digest {
    digest(of: bytes.span, mode)
  }

  /// The digest of each of many parts of the bytes, several computed at once.
  ///
  /// Worth it for parts of at most a chunk; they may overlap and lie in any order.
  package static func digests(
    of parts: [Range<Int>], in bytes: Span<UInt8>, _ mode: Blake3Mode = .plain
  ) -> [Blake3Digest] {
    var digests: [Blake3Digest] = []
    digests.reserveCapacity(parts.count)
    var first = 0
    while first < parts.count {
      let group = parts[first..<min(parts.count, first + partsAtOnceMax)]
      append(digestsOf: group, in: bytes, mode, to: &digests)
      first += group.count
    }
    return digests
  }

  /// The most parts that are handed to the wall at once, which bounds the memory on the stack.
  private static let partsAtOnceMax = 256

  private static func append(
    digestsOf group: ArraySlice<Range<Int>>, in bytes: Span<UInt8>, _ mode: Blake3Mode,
    to digests: inout [Blake3Digest]
  ) {
    unsafe withUnsafeTemporaryAllocation(of: cblake3_part.self, capacity: group.count) { parts in
      unsafe withUnsafeTemporaryAllocation(of: cblake3_value.self, capacity: group.count) {
        values in
        for (index, part) in group.enumerated() {
          precondition(
            part.lowerBound >= 0 && part.upperBound <= bytes.count, "a part lies outside its bytes")
          unsafe parts.initializeElement(
            at: index, to: cblake3_part(start: part.lowerBound, count: part.count))
        }
        unsafe bytes.withUnsafeBufferPointer { bytes in
          unsafe cblake3_digest_many(
            mode.wall, bytes.baseAddress, parts.baseAddress, group.count, values.baseAddress)
        }
        for index in 0..<group.count {
          digests.append(Blake3Digest(Bytes32(unsafe values[index].words)))
        }
      }
    }
  }
}
