// What the model knows of shredded events: what a shred took can never be read again, in any life of
// the store, and everything else always can. A shred that was cut short has happened or not, as a
// whole, and what the first look says of it holds from then on.

import EventStore

/// One shred that was asked for.
struct AskedShred {
  enum Fate {
    /// The machine died, or the disk failed, in the middle.
    case unknown
    case done
    case undone
  }

  let scope: KeyScope
  /// It takes what was asked for before.
  let requestsBelow: Int
  var fate: Fate
}

extension StoreModel {
  /// The number that names a payload, which its event carries in the clear as its correlation.
  static func number(of payload: some StringProtocol) -> UInt64 {
    UInt64(payload.prefix { $0.isNumber }) ?? 0
  }

  /// What a sentence calls a payload, which may be long.
  static func name(_ payload: String) -> String { "\(number(of: payload))" }

  /// What an event's payload is to a reader; nil for one that it does not see.
  static func payload(_ sequence: UInt64, _ reader: EventReader) throws(StoreError) -> Payload? {
    do throws(StoreError) {
      return try reader.event(sequence).payload
    } catch {
      switch error {
      case .removed, .absent: return nil
      default: throw error
      }
    }
  }

  /// Notes that a shred is asked for; until it is answered nobody knows.
  mutating func askShred(of scope: KeyScope) -> Int {
    shreds.append(AskedShred(scope: scope, requestsBelow: requests.count, fate: .unknown))
    return shreds.count - 1
  }

  /// Whether a shred takes an event of a request.
  private func takes(_ shred: AskedShred, _ header: EventHeader, _ request: Int) -> Bool {
    guard header.sealing != nil, request < shred.requestsBelow else { return false }
    return switch shred.scope {
    case .entity(let name): header.coordinate.entity == name
    case .category(let category): header.kind.category == category
    case .kind(let kind): header.kind == kind
    case .event(let id): header.id == id
    }
  }

  /// What shreds make of an event: it must be gone, it may be, or it may not.
  private func fate(_ header: EventHeader, _ request: Int) -> AskedShred.Fate {
    let fates = shreds.filter { takes($0, header, request) }.map(\.fate)
    if fates.contains(.done) { return .done }
    return fates.contains(.unknown) ? .unknown : .undone
  }

  /// Whether an acknowledged event may be unreadable by now.
  func mayBeShredded(_ receipt: Receipt) -> Bool {
    guard let request = request(of: receipt.header) else { return false }
    return fate(receipt.header, request) != .undone
  }

  /// Holds what events are to a reader against the shreds, and settles what was left open.
  mutating func judgeShreds(_ events: [Event]) throws {
    for event in events {
      guard let request = request(of: event.header) else { continue }
      switch (event.payload, fate(event.header, request)) {
      case (.bytes, .done): throw Broken("event \(event.header.id) was shredded and is read")
      case (.shredded, .undone): throw Broken("nobody shredded \(event.header.id), and it is gone")
      case (.sealed, _): throw Broken("event \(event.header.id) is sealed to a reader with keys")
      default: break
      }
    }
    for index in shreds.indices where shreds[index].fate == .unknown {
      try settle(index, events)
    }
  }

  private mutating func settle(_ index: Int, _ events: [Event]) throws {
    let taken = events.filter { event in
      request(of: event.header).map { takes(shreds[index], event.header, $0) } ?? false
    }
    let gone = taken.filter { $0.payload == .shredded }
    if gone.count < taken.count {
      // Another shred may have taken some of them, and this one none.
      shreds[index].fate = .undone
      for event in gone
      where fate(event.header, request(of: event.header) ?? 0) == .undone && !isForgiving {
        throw Broken("a shred took \(event.header.id) and left others of its scope")
      }
    } else if !gone.isEmpty {
      shreds[index].fate = .done
    }
  }

  /// Notes that a shred was done, and looks whether all of it is gone.
  mutating func endShred(_ index: Int, _ reader: EventReader) throws {
    shreds[index].fate = .done
    for receipt in acknowledged {
      guard let request = request(of: receipt.header),
        takes(shreds[index], receipt.header, request)
      else { continue }
      // What an open fence hides is not looked at.
      if let payload = try Self.payload(receipt.sequence, reader), payload != .shredded {
        throw Broken("event \(receipt.id) is read after a shred that was acknowledged")
      }
    }
  }

  /// Makes nothing of a shred that found no key.
  mutating func dropShred(_ index: Int) {
    shreds[index].fate = .undone
  }

  /// Forgets what a disk that lies may have undone.
  mutating func forgiveShreds() {
    for index in shreds.indices { shreds[index].fate = .unknown }
  }
}
