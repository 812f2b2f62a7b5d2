// What projections promise: the same state whichever way it was reached, a stop that names its event,
// and nothing half done in view.

import Ambient
import DurableFiles
import EventStore
import ScratchFiles
import Synchronization
import Testing

@Suite struct ProjectionTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  /// Lists what it is shown, in order.
  private static func journal(
    _ name: String = "journal", version: UInt32 = 1,
    in region: Region = Region(entityPrefix: "file"),
    refusing refused: (@Sendable (String) -> Bool)? = nil
  ) -> Projection<[String]> {
    Projection(
      name, version: version, in: region, initial: [],
      encode: { lines in Array(lines.joined(separator: "\n").utf8) },
      decode: { bytes throws(ProjectionFault) in
        String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
      },
      apply: { lines, occurrence throws(ProjectionFault) in
        let text =
          switch occurrence {
          case .event(let event): String(decoding: event.bytes ?? [], as: UTF8.self)
          case .shredded: "shredded"
          case .sealed: "sealed"
          case .removed: "removed"
          case .cancelled: "cancelled"
          }
        // The state is touched before the refusal, which must not count.
        lines.append(text)
        if refused?(text) == true { throw ProjectionFault("does not like '\(text)'") }
      })
  }

  private func append(_ store: EventStore, _ range: Range<Int>) throws {
    for number in range { try store.append(.of("file:\(number % 3)", "\(number)")) }
  }

  @Test func `a projection goes on from its snapshot, and tells how it began`() throws {
    var store = try EventStore.open(on: scratch.disk)
    var projector = store.projector()
    var view = try projector.add(Self.journal())
    try append(store, 0..<5)
    projector.catchUp()
    #expect(view.state == ["0", "1", "2", "3", "4"])
    #expect(view.standing.start == .new)
    let position = view.current.position
    projector.stop()
    try store.close()

    store = try EventStore.open(on: scratch.disk)
    projector = store.projector()
    let shown = Mutex(0)
    view = try projector.add(
      Self.journal(refusing: { _ in
        shown.withLock { $0 += 1 }
        return false
      }))
    #expect(view.standing.start == .resumed(at: position))
    try append(store, 5..<7)
    projector.catchUp()
    #expect(view.state == ["0", "1", "2", "3", "4", "5", "6"])
    #expect(shown.withLock { $0 } == 2)
    projector.stop()
    try store.close()
  }

  @Test(arguments: ["version", "region", "damage", "store"])
  func `a snapshot that does not fit is built anew, and that is told`(_ fault: String) throws {
    var store = try EventStore.open(on: scratch.disk)
    try append(store, 0..<5)
    let snapshots = try Scratch()
    var projector = store.reader.projector(keepingOn: snapshots.disk)
    var view = try projector.add(Self.journal())
    projector.catchUp()
    projector.stop()
    #expect(view.state.count == 5)
    let path: FilePath = "projections/journal.snapshot"
    var next = Self.journal()
    var reason = ""
    switch fault {
    case "version": (next, reason) = (Self.journal(version: 2), "version 1, not 2")
    case "region": (next, reason) = (Self.journal(in: .everything), "another region")
    case "damage":
      let file = try OpenFile(path, .writing, on: snapshots.disk)
      let byte = try file.read(at: 60, count: 1)[0]
      try file.write([byte ^ 1], at: 60)
      reason = "does not match its hash"
    default:
      try store.close()
      try scratch.disk.removeTree("segments")
      try scratch.disk.remove("store.larder")
      store = try EventStore.open(on: scratch.disk)
      reason = "another store"
    }
    projector = store.reader.projector(keepingOn: snapshots.disk)
    view = try projector.add(next)
    guard case .rebuilt(let because) = view.standing.start else {
      return #expect(Bool(false), "it was not built anew")
    }
    #expect(because.contains(reason), "\(because)")
    projector.catchUp()
    if fault != "store" {
      #expect(view.state.filter { Int($0) != nil } == ["0", "1", "2", "3", "4"])
    }
    projector.stop()
    try store.close()
  }

  @Test func `a projection that cannot take an event in says which, and stays there until told`()
    throws
  {
    let store = try EventStore.open(on: scratch.disk)
    let projector = store.projector()
    let dislikes = Mutex(true)
    let stubborn = try projector.add(
      Self.journal("stubborn", refusing: { text in text == "3" && dislikes.withLock { $0 } }))
    let other = try projector.add(Self.journal("other"))
    try append(store, 0..<3)
    let refused = try store.append(.of("file:1", "3"))
    try append(store, 4..<6)
    projector.catchUp()
    let stop = ProjectionStop(
      sequence: refused.sequence, id: refused.id, reason: "does not like '3'")
    #expect(stubborn.standing.stop == stop)
    #expect(stubborn.current.state == ["0", "1", "2"])
    #expect(stubborn.current.position == refused.sequence - 1)
    #expect(other.state.count == 6 && other.standing.stop == nil)
    #expect(store.watermarks.applied == refused.sequence - 1)
    #expect(throws: StoreError.projection("stubborn", stop)) {
      try store.wait(for: .applied("stubborn"), until: refused.sequence)
    }
    try store.wait(for: .applied("stubborn"), until: refused.sequence - 1)
    try store.wait(for: .applied("other"), until: refused.sequence + 2)

    try append(store, 6..<7)
    projector.catchUp()
    #expect(stubborn.standing.stop == stop && stubborn.state.count == 3)
    stubborn.retry()
    projector.catchUp()
    #expect(stubborn.standing.stop == stop)
    dislikes.withLock { $0 = false }
    stubborn.retry()
    projector.catchUp()
    #expect(stubborn.state == other.state && stubborn.standing.stop == nil)
    #expect(store.watermarks.applied == store.watermarks.visible)
    projector.stop()
    try store.close()
  }

  @Test func `a stop inside a batch leaves the state before the batch`() throws {
    let store = try EventStore.open(on: scratch.disk)
    let projector = store.projector()
    let view = try projector.add(Self.journal(refusing: { $0 == "b2" }))
    let before = try store.append(.of("file:1", "a"))
    let batch = try store.append(batch: [
      .of("file:1", "b1"), .of("file:1", "b2"), .of("file:1", "b3"),
    ])
    projector.catchUp()
    #expect(view.standing.stop?.sequence == batch[1].sequence)
    #expect(view.current.state == ["a"])
    #expect(view.current.position == before.sequence)
    projector.stop()
    try store.close()
  }

  @Test func `a fused pass equals separate passes`() throws {
    let store = try EventStore.open(on: scratch.disk, .still)
    try append(store, 0..<40)
    let fence = try store.openFence()
    try fence.append(.of("file:1", "fenced"))
    try append(store, 40..<80)
    try fence.commit()
    let regions = [
      Region.everything, Region(entityPrefix: "file"), Region(entityPrefix: "file:1"),
      Region(kind: .category(0)), Region(entityPrefix: "file", sequences: 20...50),
    ]
    let fused = store.projector()
    // One of them is ahead of the others, which must not show it anything twice.
    let ahead = try fused.add(Self.journal("0", in: regions[0]))
    fused.catchUp()
    try append(store, 80..<2_200)
    let together =
      try [ahead]
      + regions.indices.dropFirst().map { index in
        try fused.add(Self.journal("\(index)", in: regions[index]))
      }
    fused.catchUp()
    for (index, region) in regions.enumerated() {
      let alone = store.reader.projector()
      let view = try alone.add(Self.journal("alone", in: region))
      alone.catchUp()
      #expect(view.state == together[index].state, "region \(index)")
      let page = try store.reader.events(in: region, limit: 10_000)
      #expect(view.state.count == page.events.count)
      alone.stop()
    }
    fused.stop()
    try store.close()
  }

  @Test func `members of a cancelled fence are shown as what never happened`() throws {
    let store = try EventStore.open(on: scratch.disk, .still)
    let projector = store.projector()
    let view = try projector.add(Self.journal())
    let fence = try store.openFence()
    try fence.append(.of("file:1", "never"))
    try store.append(.of("file:2", "beside"))
    projector.catchUp()
    #expect(view.state == [])
    try fence.cancel()
    projector.catchUp()
    #expect(view.state == ["cancelled", "beside"])
    projector.stop()
    try store.close()
  }

  @Test func `the applied mark is that of the slowest, and a wait follows a running projector`()
    throws
  {
    let store = try EventStore.open(on: scratch.disk)
    #expect(store.watermarks.applied == store.watermarks.visible)
    #expect(throws: StoreError.absent("the projection 'journal'")) {
      try store.wait(for: .applied("journal"), until: 1)
    }
    let projector = store.projector()
    let view = try projector.add(Self.journal())
    #expect(store.watermarks.applied == 0)
    #expect(throws: StoreError.self) { try projector.add(Self.journal()) }
    #expect(throws: StoreError.self) { try store.projector().add(Self.journal()) }
    projector.start()
    for number in 0..<50 {
      let receipt = try store.append(.of("file:1", "\(number)"))
      try store.wait(for: .applied("journal"), until: receipt.sequence)
      try store.wait(for: .appliedByAll, until: receipt.sequence)
      #expect(view.state.count == number + 1)
    }
    projector.stop()
    #expect(throws: StoreError.absent("the projection 'journal'")) {
      try store.wait(for: .applied("journal"), until: 1)
    }
    try store.close()
  }

  @Test func `nobody sees a state with half of a batch or of a fence in it`() throws {
    let store = try EventStore.open(on: scratch.disk, .still)
    let projector = store.projector()
    let view = try projector.add(Self.journal())
    projector.start()
    let done = Mutex(false)
    Worker.each(3, named: "whole") { index in
      do {
        switch index {
        case 0:
          for _ in 0..<60 {
            _ = try store.append(batch: (0..<50).map { _ in .of("file:1", "batch") })
          }
          done.withLock { $0 = true }
        case 1:
          for _ in 0..<30 {
            let fence = try store.openFence()
            for _ in 0..<4 { try fence.append(.of("file:2", "fence")) }
            try fence.commit()
          }
        default:
          repeat {
            let state = view.state
            #expect(state.count { $0 == "batch" } % 50 == 0)
            #expect(state.count { $0 == "fence" } % 4 == 0)
          } while !done.withLock { $0 }
        }
      } catch {
        Issue.record("\(error)")
      }
    }
    try store.wait(for: .appliedByAll, until: store.watermarks.visible)
    #expect(view.state.count == 60 * 50 + 30 * 4)
    projector.stop()
    try store.close()
  }

  @Test func `a snapshot that cannot be kept costs nothing but time`() throws {
    let store = try EventStore.open(on: scratch.disk)
    try append(store, 0..<5)
    let readOnly = try PosixDisk(root: scratch.path("."), readOnly: true)
    let projector = store.reader.projector(keepingOn: readOnly, snapshotEvents: 1)
    let view = try projector.add(Self.journal())
    projector.catchUp()
    #expect(view.state.count == 5)
    #expect(view.standing.unsaved != nil)
    projector.stop()
    try store.close()
  }

  @Test func `a projection is shown what was shredded and what was removed, in its place`() throws {
    var sealed = SealedStore()
    sealed.segmentBytes = 1_024
    let store = try sealed.open()
    let receipts = try (0..<6).map { try store.append(.of("file:\($0)", "\($0)")) }
    for number in 0..<20 { try store.append(.of("other", "filler \(number)")) }
    try store.shred(.entity("file:1"))
    try store.compact(CompactionRequest(removing: .events([receipts[3].sequence])))
    let projector = store.projector()
    let view = try projector.add(Self.journal())
    projector.catchUp()
    #expect(view.standing.stop == nil)
    #expect(view.state == ["0", "shredded", "2", "removed", "4", "5"])
    // One that was there before goes on with what it knew.
    try store.shred(.entity("file:2"))
    projector.catchUp()
    #expect(view.state == ["0", "shredded", "2", "removed", "4", "5"])
    projector.stop()
    try store.close()
  }
}
