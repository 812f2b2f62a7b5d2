// Sources and sinks for promises: large without memory, cancelled on the way, failing on the way.

import Ambient
import ColdStorage
import Digests
import DurableFiles
import Synchronization

/// Any number of bytes, repeated from a block whose length divides no part.
struct LongSource: ObjectSource {
  private static let block = sample(65_521)
  let size: UInt64

  func read(
    at offset: UInt64, into bytes: inout [UInt8], count: Int
  ) throws(StorageError) {
    var done = 0
    while done < count {
      let start = Int((offset + UInt64(done)) % UInt64(Self.block.count))
      let more = min(count - done, Self.block.count - start)
      bytes.replaceSubrange(done..<done + more, with: Self.block[start..<start + more])
      done += more
    }
  }

  /// What all the bytes hash to.
  func digest() throws(StorageError) -> Blake3Digest {
    var hasher = Blake3()
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    var offset: UInt64 = 0
    while offset < size {
      let count = Int(min(size - offset, UInt64(piece.count)))
      try read(at: offset, into: &piece, count: count)
      hasher.update(piece.span.extracting(first: count))
      offset += UInt64(count)
    }
    return hasher.digest()
  }
}

/// Hashes what comes, in order, and keeps none of it.
final class HashingSink: ObjectSink {
  private struct State: ~Copyable {
    var hasher = Blake3()
    var next: UInt64 = 0
    var isInOrder = true
  }
  private let state = Mutex(State())

  let isOrdered = true

  func begin(size: UInt64) throws(StorageError) {
    state.withLock { $0 = State() }
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) {
    state.withLock { (state: inout State) in
      if offset != state.next { state.isInOrder = false }
      state.hasher.update(bytes)
      state.next += UInt64(bytes.count)
    }
  }

  /// The digest of all that came; nil when it did not come in order.
  var digest: Blake3Digest? {
    state.withLock { $0.isInOrder ? $0.hasher.digest() : nil }
  }
}

/// A source that cannot be read behind a point.
struct BreakingSource: ObjectSource {
  let whole: LongSource
  let breaksAt: UInt64

  var size: UInt64 { whole.size }

  func read(
    at offset: UInt64, into bytes: inout [UInt8], count: Int
  ) throws(StorageError) {
    if offset + UInt64(count) > breaksAt {
      throw .sourceFailed(.endsEarly("source", offset: breaksAt))
    }
    try whole.read(at: offset, into: &bytes, count: count)
  }
}

/// A sink whose disk is full behind a point.
struct FullSink: ObjectSink {
  let fullAt: UInt64
  let isOrdered = false

  func begin(size: UInt64) throws(StorageError) {}

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) {
    if offset + UInt64(bytes.count) > fullAt { throw .sinkFailed(.full("sink")) }
  }
}

/// The highest number of bytes that progress told.
final class Furthest: Sendable {
  private let told = Mutex<UInt64>(0)

  var bytes: UInt64 { told.withLock { $0 } }

  var progress: Progress {
    { [self] done in told.withLock { $0 = max($0, done) } }
  }
}
