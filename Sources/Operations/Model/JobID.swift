// The name of a job. It grows with time, so that a list by name is a list by age, and its rest is
// random, so that no two stores share one.

internal import Ambient
internal import Bytes
package import EventStore

/// The name of a job.
package struct JobID: Hashable, Comparable, Sendable {
  package let id: EventID

  package init(_ id: EventID) {
    self.id = id
  }

  /// A fresh name: milliseconds, then randomness.
  init(at time: WallTime, _ entropy: Entropy) {
    let milliseconds = UInt64(max(0, time.microseconds) / 1_000) & 0xFFFF_FFFF_FFFF
    id = EventID(
      high: milliseconds << 16 | 0x7000 | entropy.word() & 0xFFF,
      low: 0x8000_0000_0000_0000 | entropy.word() & 0x3FFF_FFFF_FFFF_FFFF)
  }

  /// Reads a name as it is written.
  package init?(parsing text: some StringProtocol) {
    guard text.hasPrefix("job:"), let id = EventID(parsing: text.dropFirst(4)),
      text.utf8.count == 36
    else { return nil }
    self.id = id
  }

  package static func < (left: JobID, right: JobID) -> Bool { left.id < right.id }

  /// The stream of the job's events, which is its name.
  var coordinate: Coordinate { .ofOperations(description) }
}

extension JobID: CustomStringConvertible {
  /// `job:` and 32 hexadecimal digits.
  package var description: String { "job:" + id.description.dropFirst("event:".count) }
}
