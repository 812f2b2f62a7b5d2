// A queue of the kernel's that is read as bytes, and the signal that ends a wait for it. Both
// kernel watchers stand on this one.

import Ambient
import CLinux
import Glibc

/// The longest that one call to the kernel waits; whoever wants to wait longer calls again.
let waitMax = Duration.seconds(86_400)

/// A descriptor whose records are read in batches, with a way to stop whoever waits for them.
struct KernelQueue: ~Copyable, Sendable {
  /// The most bytes of records that are read at once.
  private static let batchBytesMax = 65_536

  /// What a wait came to.
  enum Batch {
    /// Records, none when time ran out.
    case records([UInt8])
    case stopped
  }

  let watcher: Descriptor
  private let signal: Descriptor

  /// Takes over a descriptor that never blocks.
  init(_ watcher: consuming Descriptor) throws(DiskError) {
    signal = Descriptor(try answer(for: .root) { clinux_signal() })
    self.watcher = watcher
  }

  /// Ends this wait and all that come.
  func stop() {
    let failed = clinux_raise(signal.number)
    precondition(failed == 0, "a signal could not be raised")
  }

  /// Waits for records, at most for `timeout`.
  func wait(_ timeout: Duration) throws(DiskError) -> Batch {
    let (first, second) = (watcher.number, signal.number)
    let nanoseconds = max(.zero, min(timeout, waitMax)).wholeNanoseconds
    let ready: Int32
    do throws(DiskError) {
      ready = try answer(for: .root) { clinux_wait_readable(first, second, nanoseconds) }
    } catch .interrupted {
      return .records([])
    }
    if ready & 2 != 0 { return .stopped }
    if ready == 0 { return .records([]) }
    var bytes = [UInt8](repeating: 0, count: Self.batchBytesMax)
    do throws(DiskError) {
      let count = try answer(for: .root) { unsafe read(first, &bytes, bytes.count) }
      bytes.removeLast(bytes.count - count)
      return .records(bytes)
    } catch .locked {
      // Nothing to read after all.
      return .records([])
    }
  }
}

/// Whole numbers out of the kernel's records, in the order of this machine's bytes.
struct RecordReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) {
    rest = bytes
  }

  var isAtEnd: Bool { rest.isEmpty }

  /// The next bytes; fewer only where the record is cut.
  mutating func take(_ count: Int) -> ArraySlice<UInt8> {
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  /// The next number.
  mutating func number<Number: FixedWidthInteger>(_: Number.Type) -> Number {
    take(Number.bitWidth / 8).reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
  }
}
