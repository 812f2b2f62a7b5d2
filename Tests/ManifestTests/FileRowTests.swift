// What the transitions make of a file, told as conversations.

import Ambient
import DurableFiles
import Testing

@testable import Manifest

struct FileRowTests {
  @Test func `a file that was written is dirty until its own bytes are stored`() throws {
    let stored = try Sample.stored()
    #expect(Sample.history([.written(Sample.hot(), .closed)]).row?.state == .dirty)
    let row = try #require(
      Sample.history([.written(Sample.hot(), .closed), .stored(stored, of: 1)]).row)
    #expect(row.state == .clean)
    #expect(row.isHot)
    #expect(row.stored == stored)
    #expect(row.generation == 2)
    #expect(row.sequence == 102)
  }

  @Test func `a copy of older bytes never makes newer ones clean`() throws {
    let applied = Sample.history([
      .written(Sample.hot(), .closed), .written(Sample.hot(changed: 200), .closed),
      .stored(try Sample.stored(), of: 1),
    ])
    #expect(applied.row?.state == .dirty)
    #expect(applied.row?.stored != nil)
    #expect(applied.oddity == nil)
  }

  @Test func `what an operator does to a file does not make it another writing`() throws {
    let row = Sample.history([
      .written(Sample.hot(), .closed), .pinned,
      .deferred(attempts: 1, until: .init(seconds: 9), fault: "x"),
      .stored(try Sample.stored(), of: 1),
    ]).row
    #expect(row?.state == .clean)
    #expect(row?.isPinned == true)
    #expect(row?.retryAt == nil)
    #expect(row?.attempts == 0)
  }

  @Test func `a new copy under another key leaves the old object to be removed`() throws {
    let old = try Sample.stored(key: "old")
    let applied = Sample.history([
      .written(Sample.hot(), .closed), .stored(old, of: 1),
      .written(Sample.hot(changed: 200), .closed), .stored(try Sample.stored(key: "new"), of: 3),
    ])
    #expect(applied.orphan == old)
    #expect(applied.row?.state == .clean)
  }

  @Test func `a file that is evicted is cold and comes back`() throws {
    let clean: [Transition] = [
      .written(Sample.hot(), .closed), .stored(try Sample.stored(), of: 1),
    ]
    let cold = try #require(Sample.history(clean + [.evicted]).row)
    #expect(cold.state == .clean)
    #expect(!cold.isHot)
    #expect(cold.size == 10)
    let back = Sample.history(clean + [.evicted, .restored(Sample.hot(inode: 8))]).row
    #expect(back?.hot?.inode == 8)
    #expect(back?.state == .clean)
  }

  @Test func `a clean file that vanishes is cold, and a dirty one is what was stored before it`()
    throws
  {
    let clean: [Transition] = [
      .written(Sample.hot(), .closed), .stored(try Sample.stored(), of: 1),
    ]
    #expect(Sample.history(clean + [.vanished]).row?.state == .clean)
    #expect(Sample.history([.written(Sample.hot(), .closed), .vanished]).row == nil)
    let older = Sample.history(clean + [.written(Sample.hot(), .closed), .vanished]).row
    #expect(older?.state == .clean)
    #expect(older?.isHot == false)
  }

  @Test func `a file that is deleted is absent and leaves its object to be removed`() throws {
    let stored = try Sample.stored()
    let applied = Sample.history([
      .written(Sample.hot(), .closed), .stored(stored, of: 1), .deleted,
    ])
    #expect(applied == Applied(row: nil, orphan: stored))
  }

  @Test func `an object that was stored for a file deleted meanwhile is left to be removed`() throws
  {
    let stored = try Sample.stored()
    let applied = Sample.history([
      .written(Sample.hot(), .closed), .deleted, .stored(stored, of: 1),
    ])
    #expect(applied == Applied(row: nil, orphan: stored))
  }

  @Test func `a file that gave up waits until an operator has it tried again`() throws {
    let failed: [Transition] = [
      .written(Sample.hot(), .closed), .failed(attempts: 9, fault: "refused"),
    ]
    let row = try #require(Sample.history(failed).row)
    #expect(row.state == .failed)
    #expect(row.lastFault == "refused")
    #expect(row.isAtRisk)
    let again = try #require(Sample.history(failed + [.retried]).row)
    #expect(again.state == .dirty)
    #expect(again.attempts == 0)
    #expect(again.writtenGeneration == 1)
  }

  @Test func `a file that is shredded has no copy, and is written anew as any other`() throws {
    let shredded: [Transition] = [
      .written(Sample.hot(), .closed), .stored(try Sample.stored(), of: 1),
      .shredded(reason: "asked for"),
    ]
    let applied = Sample.history(shredded)
    #expect(applied.row?.state == .shredded)
    #expect(applied.row?.isHot == false)
    #expect(applied.row?.stored == nil)
    #expect(applied.orphan == (try Sample.stored()))
    #expect(Sample.history(shredded + [.written(Sample.hot(), .closed)]).row?.state == .dirty)
  }

  @Test(arguments: [Transition.evicted, .vanished])
  func `a hot copy is not dropped twice`(_ transition: Transition) throws {
    let cold: [Transition] = [
      .written(Sample.hot(), .closed), .stored(try Sample.stored(), of: 1), .evicted,
    ]
    let applied = Sample.history(cold + [transition])
    #expect(applied.oddity != nil)
    #expect(applied.row?.state == .clean)
    #expect(applied.row?.generation == 4)
  }

  @Test func `a dirty file is never dropped by an eviction, a restore or an adoption`() throws {
    for transition in [
      Transition.evicted, .restored(Sample.hot()), .adopted(try Sample.stored(), hot: nil),
    ] {
      let applied = Sample.history([.written(Sample.hot(), .closed), transition])
      #expect(applied.oddity != nil)
      #expect(applied.row?.state == .dirty)
      #expect(applied.row?.isHot == true)
    }
  }

  @Test func `no transition on any row loses the only copy of a file`() throws {
    // Every pair of transitions on every reachable row: whoever is clean has a stored copy, and
    // whoever is at risk has a hot one.
    let all = try Sample.everyTransition()
    var reached: Set<FileRow> = []
    for first in all {
      for second in all {
        for third in all {
          guard let row = Sample.history([first, second, third]).row else { continue }
          reached.insert(row)
          #expect(row.state != .clean || row.stored != nil, "\(first), \(second), \(third)")
          #expect(!row.isAtRisk || row.hot != nil, "\(first), \(second), \(third)")
          #expect(row.state != .shredded || row.hot == nil && row.stored == nil)
        }
      }
    }
    #expect(reached.count > 100)
  }
}
