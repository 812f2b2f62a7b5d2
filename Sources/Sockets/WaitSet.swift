// Many descriptors that one thread waits for. Each is told of once for every change, so whoever is
// told must read and write until the kernel would have it wait.

import Ambient
import CLinux
import Glibc

/// Descriptors that are waited for together, each under a number of its owner's.
struct WaitSet: ~Copyable {
  private static let numbersMax = 128

  private let set: Descriptor
  private let name: String
  private var numbers = [UInt64](repeating: 0, count: numbersMax)

  /// An empty set; the name is for messages.
  init(name: String) throws(SocketsError) {
    self.name = name
    set = Descriptor(try answer(for: name) { clinux_wait_set() })
  }

  /// Adds a descriptor, which leaves the set when it is closed.
  func add(_ descriptor: Int32, as number: UInt64) throws(SocketsError) {
    try answer(for: name) { clinux_wait_set_add(set.number, descriptor, number) }
  }

  /// The numbers of those that changed, after waiting for one until the moment; empty when it came
  /// first.
  mutating func changed(until moment: MonotonicTime?) throws(SocketsError) -> ArraySlice<UInt64> {
    let deadline = moment.map(Deadline.at) ?? .never
    let (set, countMax) = (set.number, Int32(numbers.count))
    let count = try answer(for: name) {
      unsafe clinux_wait_set_next(set, &numbers, countMax, deadline.nanosecondsLeft)
    }
    return numbers[..<Int(count)]
  }
}
