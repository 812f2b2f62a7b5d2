// Several threads, one digest; and what becomes of a failing read in the middle.

import Ambient
import Digests
import Testing

@Suite struct Blake3ThreadsTests {
  static let piece = 256 * 1_024

  @Test(arguments: [
    0, 1, piece - 1, piece, piece + 1, 2 * piece, 3 * piece + 5, 12 * piece + 9_999,
  ])
  func `any number of threads gives the digest of one`(_ count: Int) {
    let bytes = SeededBytes(count).bytes
    let digest = Blake3.digest(of: bytes)
    for threads in [1, 2, 3, 5] {
      #expect(Blake3.digest(of: bytes.span, threads: threads) == digest)
      let read = Blake3.digest(threads: threads) { (offset, buffer) throws(Never) in
        let end = min(bytes.count, Int(offset) + buffer.count)
        for at in Int(offset)..<max(end, Int(offset)) { buffer[at - Int(offset)] = bytes[at] }
        return max(0, end - Int(offset))
      }
      #expect(read == digest)
    }
  }

  struct Unreadable: Error, Equatable {
    let offset: UInt64
  }

  @Test(arguments: [1, 4])
  func `the first failing read fails the whole`(_ threads: Int) {
    #expect(throws: Unreadable(offset: UInt64(5 * Self.piece))) {
      try Blake3.digest(threads: threads) { (offset, buffer) throws(Unreadable) in
        if offset >= 5 * Self.piece { throw Unreadable(offset: offset) }
        return buffer.count
      }
    }
  }

  @Test(arguments: [1, 3])
  func `progress tells every piece in order and ends with the whole`(_ threads: Int) {
    let size = UInt64(20 * Self.piece)
    var told: [UInt64] = []
    _ = Blake3.digest(
      threads: threads, progress: { told.append($0) },
      reading: { (offset, buffer) throws(Never) in offset < size ? buffer.count : 0 })
    #expect(told == told.sorted())
    #expect(told.last == size)
  }
}

private struct SeededBytes {
  let bytes: [UInt8]

  init(_ count: Int) {
    var random = SeededGenerator(seed: UInt64(count))
    bytes = random.bytes(count)
  }
}
