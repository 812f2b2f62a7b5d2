// BLAKE3 of digests side by side, as the inner nodes of a tree of digests are made: one pair, or all
// pairs of a level at once.

import CBlake3

extension Blake3 {
  /// The digest of two digests, one behind the other.
  package static func digest(
    ofPair left: Blake3Digest, _ right: Blake3Digest, _ mode: Blake3Mode
  ) -> Blake3Digest {
    var pair = (left.value.words, right.value.words)
    return Blake3Digest(
      Bytes32(
        unsafe withUnsafeBytes(of: &pair) { bytes in
          unsafe cblake3_digest(mode.wall, bytes.baseAddress, bytes.count).words
        }))
  }

  /// The digest of each pair among digests that stand in a row, of which there is an even number.
  package static func digests(
    ofPairs digests: [Blake3Digest], _ mode: Blake3Mode
  ) -> [Blake3Digest] {
    precondition(digests.count % 2 == 0, "digests in pairs")
    var parents: [Blake3Digest] = []
    parents.reserveCapacity(digests.count / 2)
    var first = 0
    while first < digests.count {
      let count = min(digests.count - first, 2 * pairsAtOnceMax)
      append(digestsOfPairs: digests[first..<first + count], mode, to: &parents)
      first += count
    }
    return parents
  }

  /// The most pairs that are handed to the wall at once, which bounds the memory on the stack.
  private static let pairsAtOnceMax = 128

  private static func append(
    digestsOfPairs digests: ArraySlice<Blake3Digest>, _ mode: Blake3Mode,
    to parents: inout [Blake3Digest]
  ) {
    let count = digests.count / 2
    // A digest holds its words highest byte first, so they are put in order in memory of our own.
    unsafe withUnsafeTemporaryAllocation(of: Bytes32.Words.self, capacity: digests.count) { row in
      unsafe withUnsafeTemporaryAllocation(of: cblake3_part.self, capacity: count) { parts in
        unsafe withUnsafeTemporaryAllocation(of: cblake3_value.self, capacity: count) { values in
          for (index, digest) in digests.enumerated() {
            unsafe row.initializeElement(at: index, to: digest.value.words)
          }
          for index in 0..<count {
            unsafe parts.initializeElement(
              at: index, to: cblake3_part(start: index * 64, count: 64))
          }
          unsafe cblake3_digest_many(
            mode.wall, row.baseAddress, parts.baseAddress, count, values.baseAddress)
          for index in 0..<count {
            parents.append(Blake3Digest(Bytes32(unsafe values[index].words)))
          }
        }
      }
    }
  }
}
