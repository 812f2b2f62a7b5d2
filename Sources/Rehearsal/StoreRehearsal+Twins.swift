// The step of a rehearsal that knows how large frames are. Two batches of one shape are written at one
// place, one after the other, and the power fails in the middle of each; their last events begin on a
// page of their own. So what the first left behind fits, byte by byte, behind what the second wrote:
//
//   first    | opened … first, second  |  third, mark │   the left page is lost, and the right one stays
//   second   | opened, opened, first   |  ·····             the right page is lost, and the left one stays
//
// Every frame of that is whole. That the tail was cut, durably and before anything else was written, and
// that a mark follows from every frame before it, are two locks on the same door.

import Ambient
import DiskSimulation
import DurableFiles
import EventStore

extension StoreRehearsal {
  private static let pageBytes: UInt64 = 4_096
  /// Long enough that a length takes as many bytes whatever is added to it.
  private static let fillerBytes = 200

  /// Writes two batches of one shape at one place, as far as the faults let it.
  mutating func appendTwins() throws {
    isAligning = true
    let before = plan
    // Where syncs lie, those that matter here do so oftener.
    if profile == .lies { plan = plan.arming(.syncDropped, oneIn: 2, below: "segments") }
    defer {
      (isAligning, plan) = (false, before)
      disk.arm(plan)
    }
    loseFences()
    disk.kill()
    try reboot()
    try open()
    guard let frame = try frameBytes(), let start = try logEnd() else { return }
    let page = (start.bytes / Self.pageBytes + 1) * Self.pageBytes
    for count in [2, 1] {
      guard let end = try logEnd(), end.segment == start.segment, end.bytes < page else { return }
      // What the last of those before the page is longer by, for the next to begin on it.
      let (room, taken) = (page - end.bytes, UInt64(count) * frame)
      guard room >= taken else { return }
      let fillers =
        Array(repeating: Self.fillerBytes, count: count - 1)
        + [Self.fillerBytes + Int(room - taken), Self.fillerBytes]
      disk.arm(plan.arming(.crash, at: disk.operations + 2, below: "segments"))
      try appendBatch(fillers)
      disk.arm(plan)
    }
  }

  private mutating func appendBatch(_ fillers: [Int]) throws {
    let payloads = fillers.map { payload(bytes: $0) }
    let events = try payloads.map { try plainEvent($0) }
    let index = model.add(payloads)
    try attempt(index) { store throws(StoreError) in try store.append(batch: events) }
  }

  /// How many bytes one event of a batch takes, measured; nil when something came in between.
  private mutating func frameBytes() throws -> UInt64? {
    var ends: [(segment: UInt64, bytes: UInt64)] = []
    for count in [2, 2, 3] {
      let life = store
      try appendBatch(Array(repeating: Self.fillerBytes, count: count))
      guard store === life, let end = try logEnd() else { return nil }
      ends.append(end)
    }
    guard ends[0].segment == ends[2].segment else { return nil }
    let (two, three) = (ends[1].bytes - ends[0].bytes, ends[2].bytes - ends[1].bytes)
    return three > two ? three - two : nil
  }

  /// The first event of the active segment and where the log ends in it, by what was published.
  private mutating func logEnd() throws -> (segment: UInt64, bytes: UInt64)? {
    guard store != nil else { return nil }
    do throws(DiskError) {
      let words = try disk.sharedWords("live.words", count: 8, writing: false)
      return (words.load(1), words.load(3))
    } catch {
      try meet(.disk(error))
      return nil
    }
  }

  private mutating func payload(bytes count: Int) -> String {
    let short = payload(bytesMax: 1)
    return short + String(repeating: "y", count: max(0, count - short.utf8.count))
  }

  /// An event that is not sealed and has no key, so that its frame is as long as the next one's.
  private func plainEvent(_ payload: String) throws -> NewEvent {
    NewEvent(
      try Coordinate(entity: "file:0", scope: "run0"),
      kind: EventKind(category: 1, type: Self.clearType)!, payload: Array(payload.utf8),
      correlation: CorrelationID(EventID(high: 1, low: StoreModel.number(of: payload))))
  }
}
