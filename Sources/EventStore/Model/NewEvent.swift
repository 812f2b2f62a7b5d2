// What a caller hands over for one append, and the promises it asks for with it.

/// The stream position that an append insists on.
public enum ExpectedPosition: Hashable, Sendable {
  /// Whatever is there.
  case any
  /// The stream has no event yet.
  case noStream
  /// The stream's last event has this sequence within the stream; the first has 1.
  case exactly(UInt64)
  /// The stream has at least one event.
  case exists
}

/// A named value beside the payload, bound by the chain and never encrypted.
public struct EventExtension: Hashable, Sendable {
  /// The longest a value may be, in bytes.
  public static let valueBytesMax = 256
  /// The longest a name may be, in bytes.
  public static let nameBytesMax = 64
  /// The most that one event carries.
  public static let countMax = 16
  /// The most that an event carries with those that an import adds.
  static let storedCountMax = countMax + 3
  /// The prefix that the store keeps for itself.
  public static let reservedPrefix = "larder."

  /// `prefix.key`.
  public let name: String
  public let value: [UInt8]

  /// An extension whose name is `prefix.key` in lower-case letters, digits, `-` and `_`.
  public init(_ name: String, _ value: [UInt8]) throws(StoreError) {
    let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let spelled =
      parts.count == 2
      && parts.allSatisfy { part in
        !part.isEmpty
          && part.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
              || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
              || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
          }
      }
    guard spelled, name.utf8.count <= Self.nameBytesMax else {
      throw .badName("extension", "'\(name)' is not prefix.key in lower case")
    }
    guard value.count <= Self.valueBytesMax else {
      throw .tooLarge("an extension's value", bytesMax: Self.valueBytesMax)
    }
    self.init(trusted: name, value)
  }

  init(trusted name: String, _ value: [UInt8]) {
    self.name = name
    self.value = value
  }
}

/// One event to be appended.
public struct NewEvent: Sendable {
  /// The largest a payload may be, in bytes.
  public static let payloadBytesMax = 16 << 20

  public var coordinate: Coordinate
  public var kind: EventKind
  public var payload: [UInt8]
  /// 0 for bytes whose meaning the store does not know.
  public var payloadVersion: UInt16
  public var lane: Lane
  public var expected: ExpectedPosition
  public var key: IdempotencyKey?
  public var correlation: CorrelationID?
  public var causation: CausationID?
  public var extensions: [EventExtension]

  public init(
    _ coordinate: Coordinate, kind: EventKind, payload: [UInt8], payloadVersion: UInt16 = 0,
    lane: Lane = .main, expected: ExpectedPosition = .any, key: IdempotencyKey? = nil,
    correlation: CorrelationID? = nil, causation: CausationID? = nil,
    extensions: [EventExtension] = []
  ) {
    self.coordinate = coordinate
    self.kind = kind
    self.payload = payload
    self.payloadVersion = payloadVersion
    self.lane = lane
    self.expected = expected
    self.key = key
    self.correlation = correlation
    self.causation = causation
    self.extensions = extensions
  }
}
