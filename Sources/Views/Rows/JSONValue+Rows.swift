// What rows read out of JSON besides text: numbers that are never negative, moments, and how they are
// written.

internal import Ambient
internal import Bytes

extension JSONValue {
  /// A member that is a whole number, at least 0.
  func count(_ key: String) -> UInt64? {
    self[key]?.integer.flatMap { UInt64(exactly: $0) }
  }

  /// A member that is a moment.
  func time(_ key: String) -> WallTime? {
    self[key]?.string.flatMap { WallTime(parsing: $0) }
  }

  /// A moment, or null when there is none.
  init(_ time: WallTime?) {
    self = time.map { .string("\($0)") } ?? .null
  }

  /// A duration in seconds, or null when it is not known.
  init(seconds duration: Duration?) {
    self = duration.map { .number($0.inSeconds) } ?? .null
  }
}
