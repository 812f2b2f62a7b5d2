// What an event is about: a 4-bit category and a 12-bit type in one word. Two categories belong
// to the store and are refused on every door that appends for a caller.

/// The kind of an event.
public struct EventKind: Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  /// A kind from its parts; nil when the category exceeds 15 or the type 4,095.
  public init?(category: UInt8, type: UInt16) {
    guard category < 16, type < 4_096 else { return nil }
    rawValue = UInt16(category) << 12 | type
  }

  public var category: UInt8 { UInt8(rawValue >> 12) }
  public var type: UInt16 { rawValue & 0xFFF }

  /// The category of the store's own records.
  public static let systemCategory: UInt8 = 0x0
  /// The category of declared effects, appended by the operations gate through its own door.
  public static let effectCategory: UInt8 = 0xD

  /// True for the categories that no caller may append.
  public var isReserved: Bool {
    category == Self.systemCategory || category == Self.effectCategory
  }

  var isSystem: Bool { category == Self.systemCategory }
}

extension EventKind {
  /// A writer opened the store; the payload names its format and what recovery cut.
  public static let opened = EventKind(rawValue: 0x0001)
  /// A writer closed the store cleanly.
  public static let closed = EventKind(rawValue: 0x0002)
  /// A gate refused an append; the payload says which and why.
  public static let denial = EventKind(rawValue: 0x0003)
  /// A fence became visible.
  public static let fenceCommitted = EventKind(rawValue: 0x0004)
  /// A fence will never become visible; the payload names its members.
  public static let fenceCancelled = EventKind(rawValue: 0x0005)
  /// Events were removed; the payload holds range, count and hash.
  public static let removal = EventKind(rawValue: 0x0006)
  /// The accumulator's root was exported for a witness.
  public static let checkpoint = EventKind(rawValue: 0x0007)
  /// A key was destroyed; the payload holds its scope and the keyset's epoch.
  public static let shred = EventKind(rawValue: 0x0008)
}

extension EventKind: CustomStringConvertible {
  /// `system.opened` for the store's own, else category and type in hexadecimal: `3.02a`.
  public var description: String {
    switch self {
    case .opened: "system.opened"
    case .closed: "system.closed"
    case .denial: "system.denial"
    case .fenceCommitted: "system.fence-committed"
    case .fenceCancelled: "system.fence-cancelled"
    case .removal: "system.removal"
    case .checkpoint: "system.checkpoint"
    case .shred: "system.shred"
    default:
      String(category, radix: 16) + "."
        + String(repeating: "0", count: 3 - String(type, radix: 16).utf8.count)
        + String(type, radix: 16)
    }
  }

  /// Reads `C.TTT` in hexadecimal, as it is written.
  public init?(parsing text: some StringProtocol) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count == 1, (1...3).contains(parts[1].utf8.count),
      let category = UInt8(parts[0], radix: 16), let type = UInt16(parts[1], radix: 16)
    else { return nil }
    self.init(category: category, type: type)
  }
}
