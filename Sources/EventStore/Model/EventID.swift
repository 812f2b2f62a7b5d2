// The names of events and of what callers relate them to. Each is a type of its own, so that an
// idempotency key can never be taken for a correlation.

internal import Ambient
internal import Bytes

/// A UUIDv7; ids grow with the sequence inside one store.
public struct EventID: Hashable, Comparable, Sendable {
  /// The sixteen bytes in network order.
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  public static func < (left: EventID, right: EventID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}

extension EventID: CustomStringConvertible {
  /// `event:` and 32 hexadecimal digits.
  public var description: String { "event:" + sixteenDigits(high) + sixteenDigits(low) }

  /// Reads an id as it is written, with or without `event:`.
  public init?(parsing text: some StringProtocol) {
    let digits = text.hasPrefix("event:") ? text.dropFirst(6) : text[...]
    guard digits.utf8.count == 32, let bytes = bytes(fromHexadecimal: digits) else { return nil }
    self.init(
      high: bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) },
      low: bytes[8...].reduce(0) { $0 << 8 | UInt64($1) })
  }
}

/// What ties events of one request together.
public struct CorrelationID: Hashable, Sendable {
  public let id: EventID

  public init(_ id: EventID) {
    self.id = id
  }
}

/// The event that caused another.
public struct CausationID: Hashable, Sendable {
  public let id: EventID

  public init(_ id: EventID) {
    self.id = id
  }
}

/// A caller's name for one append, so that a retry returns the first one's receipt.
public struct IdempotencyKey: Hashable, Sendable {
  /// The longest a key may be, in bytes.
  public static let bytesMax = 128

  public let bytes: [UInt8]

  /// A key of 1 to 128 bytes.
  public init(_ bytes: [UInt8]) throws(StoreError) {
    guard (1...Self.bytesMax).contains(bytes.count) else {
      throw .badName("idempotency key", "must have 1 to \(Self.bytesMax) bytes")
    }
    self.bytes = bytes
  }

  /// A key from text, under the same rule.
  public init(_ text: String) throws(StoreError) {
    try self.init(Array(text.utf8))
  }

  init(trusted bytes: [UInt8]) {
    self.bytes = bytes
  }
}

func sixteenDigits(_ word: UInt64) -> String {
  let digits = String(word, radix: 16)
  return String(repeating: "0", count: 16 - digits.utf8.count) + digits
}

/// Makes ids that grow, whatever the clock does.
struct EventIDSource {
  private var generator: SeededGenerator
  private var last = EventID(high: 0, low: 0)

  init(seed: UInt64, after last: EventID?) {
    generator = SeededGenerator(seed: seed)
    if let last { self.last = last }
  }

  /// The next id for an event of this time: milliseconds, their fraction, then randomness. When
  /// time stood still the last id is counted up, which keeps the order.
  mutating func next(at time: WallTime) -> EventID {
    let milliseconds = UInt64(max(0, time.microseconds) / 1_000) & 0xFFFF_FFFF_FFFF
    let fraction = UInt64(max(0, time.microseconds) % 1_000) << 2
    let random = generator.next()
    let fresh = EventID(
      high: milliseconds << 16 | 0x7000 | fraction | random >> 62,
      low: 0x8000_0000_0000_0000 | random & 0x3FFF_FFFF_FFFF_FFFF)
    last = fresh > last ? fresh : last.successor
    return last
  }
}

extension EventID {
  /// The next larger id with the same version and variant.
  fileprivate var successor: EventID {
    let random = low & 0x3FFF_FFFF_FFFF_FFFF
    guard random == 0x3FFF_FFFF_FFFF_FFFF else {
      return EventID(high: high, low: 0x8000_0000_0000_0000 | random + 1)
    }
    let fraction = high & 0xFFF
    let carried = fraction == 0xFFF ? (high & ~0xFFFF) + 0x1_0000 | 0x7000 : high + 1
    return EventID(high: carried, low: 0x8000_0000_0000_0000)
  }
}
