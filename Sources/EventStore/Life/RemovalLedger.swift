// What verification knows of removals: each husk is counted under the number it carries, each record
// is kept, and in the end one is held against the other. A husk that no record explains is a fault,
// for somebody took the event without saying so; so is a record whose events are there again, unless
// the removal is being carried out at this moment.

internal import Bytes
internal import Digests
internal import DurableFiles

struct RemovalLedger {
  /// What the husks of one removal add up to, and where the first of them stands.
  private struct Found {
    var tally = RemovalTally()
    let place: Place
  }
  private var found: [UInt64: Found] = [:]
  private(set) var records: [UInt64: Removal] = [:]
  /// Records whose payload is none, and numbers that were given twice.
  private(set) var faults: [(sequence: UInt64, fault: String)] = []

  private static let recordKind: [UInt8] = [
    UInt8(truncatingIfNeeded: EventKind.removal.rawValue),
    UInt8(truncatingIfNeeded: EventKind.removal.rawValue >> 8),
  ]
  /// Where the kind stands in a header.
  private static let kindOffset = 32

  /// Counts a husk; sequences grow.
  mutating func note(_ husk: HuskFrame, in segment: Segment, at offset: Int) {
    found[husk.removal, default: Found(place: Place(segment, offset))].tally
      .add(husk.sequence, husk.commitment)
  }

  /// Keeps an event's payload if it is the record of a removal.
  mutating func note(_ event: EventFrame, _ bytes: Span<UInt8>, at sequence: UInt64) {
    let kind = event.header.lowerBound + Self.kindOffset
    guard event.header.count > Self.kindOffset + 2, bytes[kind] == Self.recordKind[0],
      bytes[kind + 1] == Self.recordKind[1]
    else { return }
    guard let removal = Removal(copy(bytes, event.payload)) else {
      faults.append((sequence, "is no record of a removal although its kind says so"))
      return
    }
    if records.updateValue(removal, forKey: removal.number) != nil {
      faults.append((sequence, "records removal \(removal.number) a second time"))
    }
  }

  /// The removals whose husks are what their records say, in order.
  var explained: [Removal] {
    records.values.filter { found[$0.number]?.tally.matches($0) == true }
      .sorted { $0.number < $1.number }
  }

  /// Husks that are not what a record says: where they begin and why.
  var unexplained: [(place: Place, sequence: UInt64, fault: String)] {
    found.sorted { $0.key < $1.key }.compactMap { number, found in
      guard let record = records[number] else {
        return (
          found.place, found.tally.first,
          "has \(found.tally.count) removed events that no record explains"
        )
      }
      if found.tally.matches(record) { return nil }
      return (
        found.place, found.tally.first,
        "has removed events that are not those of removal \(number)"
      )
    }
  }

  /// Records of which no husk was found.
  var unfulfilled: [Removal] {
    records.values.filter { found[$0.number] == nil }.sorted { $0.number < $1.number }
  }
}

extension Verifier {
  /// Compares husks with records.
  mutating func checkRemovals() {
    report.removals = Array(removals.explained.prefix(VerifyReport.findingsMax))
    for (sequence, fault) in removals.faults { find(\.others, nil, fault, sequence) }
    for (place, sequence, fault) in removals.unexplained {
      find(\.gaps, place, fault, sequence)
    }
  }
}

extension EventReader {
  /// Records whose events are there again, looked for once more in the newest catalog: a removal
  /// may have come into force while the verification ran, or be about to.
  func unfulfilled(_ ledger: RemovalLedger) throws(StoreError) -> [Finding] {
    var findings: [Finding] = []
    for removal in ledger.unfulfilled {
      let catalog = try catalog()
      guard let segment = catalog.segment(holding: removal.first),
        let place = segment.place(of: removal.first)
      else { continue }
      let isHusk = try segment.withFrame(at: place.index.offset(of: place.ordinal)) {
        (_, frame) throws(StoreError) in
        if case .husk = frame { true } else { false }
      }
      if isHusk { continue }
      if try isUnderWay(removal, segment) { continue }
      findings.append(
        Finding(
          file: segment.path, offset: place.index.offset(of: place.ordinal),
          sequence: removal.first,
          fault: "has events that removal \(removal.number) took; an old copy came back"))
    }
    return findings
  }

  /// Whether the file that fulfils a removal is there, and the catalog will have it next.
  private func isUnderWay(
    _ removal: Removal, _ segment: Segment
  ) throws(StoreError) -> Bool {
    guard removal.segment.generation > segment.name.generation else { return false }
    if try segment.file.exists(StoreNames.pending(removal.segment)) { return true }
    return try segment.file.exists(StoreNames.segment(removal.segment))
  }
}
