// What an event store promises, as far as it can be said without one: everything acknowledged is
// there and unchanged, in order and without a gap; nothing is there that nobody asked for; batches
// and fences are whole. The model keeps what was asked and what was answered, and judges a store
// that was just opened.

import Digests
import EventStore

/// What was asked of a store, and what it answered.
struct StoreModel {
  /// What became of one request.
  enum Fate {
    /// A receipt was returned.
    case acknowledged(Receipt)
    /// It failed, and must not be there.
    case refused
    /// The machine died in the middle, or the store said that it does not know.
    case unknown
  }

  /// Events that stand or fall together, by their payloads, which are all different.
  struct Request {
    let payloads: [String]
    var fates: [Fate]
    /// The fence that it is a member of, if any.
    let fence: Int?
  }

  private(set) var requests: [Request] = []
  /// Roots that were seen, by how many events they cover: no later store may contradict them.
  private(set) var roots: [UInt64: Blake3Digest] = [:]
  private var requestOf: [String: Int] = [:]
  var fences: [AskedFence] = []
  /// Payloads by the numbers that their events carry.
  private var payloadOf: [UInt64: String] = [:]
  /// Keys that were to be destroyed.
  var shreds: [AskedShred] = []
  /// Events that a compaction was asked to remove, and those that were found removed since.
  var removable: Set<UInt64> = []
  var removed: Set<UInt64> = []
  /// What was acknowledged is not held against the store, so a member of a batch that is missing may
  /// have been removed as well.
  private(set) var isForgiving = false

  /// Notes that events are asked for; until they are answered nobody knows.
  mutating func add(_ payloads: [String], fence: Int? = nil) -> Int {
    for payload in payloads {
      requestOf[payload] = requests.count
      payloadOf[Self.number(of: payload)] = payload
    }
    requests.append(
      Request(
        payloads: payloads, fates: Array(repeating: .unknown, count: payloads.count), fence: fence))
    if let fence { fences[fence].members.append(requests.count - 1) }
    return requests.count - 1
  }

  /// Notes what a request's events were answered with; one answer may stand for all.
  mutating func set(_ fates: [Fate], of index: Int) {
    let count = requests[index].payloads.count
    requests[index].fates =
      fates.count == count ? fates : Array(repeating: fates.first ?? .unknown, count: count)
  }

  mutating func set(_ fate: Fate, of member: Int, in index: Int) {
    requests[index].fates[member] = fate
  }

  mutating func see(_ root: Blake3Digest, count: UInt64) {
    roots[count] = root
  }

  /// Forgets what a disk that lies may have lost.
  mutating func forgive() {
    roots = [:]
    removed = []
    isForgiving = true
    forgiveShreds()
    for index in requests.indices {
      for member in requests[index].fates.indices {
        if case .acknowledged = requests[index].fates[member] {
          requests[index].fates[member] = .unknown
        }
      }
    }
    forgiveFences()
  }

  /// Settles what a crash left open by looking at the store; throws when a promise was broken.
  mutating func judge(_ reader: EventReader) throws {
    let found = try Self.all(reader)
    try checkSequence(found)
    var present: [String: Event] = [:]
    for event in found where !event.header.kind.isReserved {
      guard let payload = payload(of: event.header) else {
        throw Broken("event \(event.header.id) was never asked for")
      }
      if let bytes = event.bytes, !bytes.elementsEqual(payload.utf8) {
        throw Broken("'\(Self.name(payload))' is read as other bytes")
      }
      guard present.updateValue(event, forKey: payload) == nil else {
        throw Broken("'\(Self.name(payload))' is there twice")
      }
    }
    try judgeShreds(found)
    for index in requests.indices {
      var request = requests[index]
      try settle(&request, present, reader)
      requests[index] = request
    }
    try settleFences(seeing: Set(present.keys))
    try checkRoots(reader)
  }

  /// The request that an event was asked for with.
  func request(of header: EventHeader) -> Int? {
    payload(of: header).flatMap { requestOf[$0] }
  }

  /// The request that a payload was asked for with.
  func request(of payload: String) -> Int? { requestOf[payload] }

  /// What an event's payload was asked to be.
  func payload(of header: EventHeader) -> String? {
    header.correlation.flatMap { payloadOf[$0.id.low] }
  }

  private static func all(_ reader: EventReader) throws -> [Event] {
    var found: [Event] = []
    var position: UInt64 = 0
    while true {
      let page = try reader.events(in: .everything, after: position, limit: 1_000)
      found += page.events
      position = page.position
      if page.isEnd { return found }
    }
  }

  private func checkSequence(_ events: [Event]) throws {
    for (left, right) in zip(events, events.dropFirst()) {
      guard left.header.sequence < right.header.sequence, left.header.id < right.header.id,
        left.header.time <= right.header.time
      else {
        throw Broken("events \(left.header.sequence), \(right.header.sequence) are unordered")
      }
    }
  }

  private mutating func settle(
    _ request: inout Request, _ present: [String: Event], _ reader: EventReader
  ) throws {
    var there = 0
    for (member, payload) in request.payloads.enumerated() {
      if try present[payload] != nil || isRemoved(request.fates[member], reader) { there += 1 }
    }
    if request.fence == nil, request.payloads.count > 1, !isForgiving || removable.isEmpty {
      guard there == 0 || there == request.payloads.count else {
        throw Broken("only \(there) of \(request.payloads.count) events of a batch are there")
      }
    }
    for (member, payload) in request.payloads.enumerated() {
      switch (request.fates[member], present[payload], request.fence.map { fences[$0].fate }) {
      case (.acknowledged(let receipt), let event?, _):
        guard try reader.receipt(receipt.sequence) == receipt, event.header.id == receipt.id else {
          throw Broken("'\(Self.name(payload))' is not what its receipt says")
        }
        if removed.contains(receipt.sequence) {
          throw Broken("'\(Self.name(payload))' was removed and is back")
        }
      case (.acknowledged(let receipt), nil, nil), (.acknowledged(let receipt), nil, .committed?):
        guard try isRemoved(request.fates[member], reader) else {
          throw Broken("'\(Self.name(payload))' was acknowledged and is lost")
        }
        removed.insert(receipt.sequence)
      case (.acknowledged, nil, _): break
      case (.refused, .some, _): throw Broken("'\(Self.name(payload))' was refused and is there")
      case (.unknown, let event?, _):
        request.fates[member] = .acknowledged(try reader.receipt(event.header.sequence))
      case (.unknown, nil, nil): request.fates[member] = .refused
      case (.unknown, nil, _), (.refused, nil, _): break
      }
    }
  }

  private func checkRoots(_ reader: EventReader) throws {
    for (count, root) in roots.sorted(by: { $0.key < $1.key }) {
      guard try reader.root(count: count) == root else {
        throw Broken("the first \(count) events have another root than before")
      }
    }
  }
}
