// The workload as a value: what it decides, and what its book makes of what came of it.

import Ambient
import DurableFiles
import Testing

@testable import Demo

@Suite struct WorkloadTests {
  /// Does so many chores, each of which goes well.
  private func done(_ count: Int, seed: UInt64 = 1, share: Int = 0) -> (Workload, [Chore]) {
    var workload = Workload(seed: seed, share: share, files: 50)
    var chores: [Chore] = []
    for _ in 0..<count {
      let chore = workload.next()
      chores.append(chore)
      if case .read = chore {
        workload.note(.read(wasHot: true), of: chore)
      } else {
        workload.note(.done, of: chore)
      }
    }
    return (workload, chores)
  }

  @Test func `a seed decides every chore`() {
    #expect(done(500).1 == done(500).1)
    #expect(done(500).1 != done(500, seed: 2).1)
  }

  @Test func `the files come and stay about as many as were asked for`() {
    let (workload, _) = done(5_000)
    #expect(workload.isFull || workload.book.standing.count > 40)
    #expect((35...65).contains(workload.book.standing.count))
  }

  @Test func `every kind of chore is done`() {
    let book = done(2_000).0.book
    let chores = book.chores
    #expect(chores.created > 50 && chores.rewritten > 0 && chores.renamed > 0 && chores.deleted > 0)
    #expect(chores.readHot > 0)
  }

  @Test func `a book always adds up`() {
    var workload = Workload(seed: 3, share: 0, files: 30)
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<3_000 {
      let chore = workload.next()
      let upshots: [Upshot] = [.done, .done, .refused("backend"), .halfDone("internal")]
      workload.note(upshots[generator.below(upshots.count)], of: chore)
      let chores = workload.book.chores
      #expect(
        chores.created + chores.renamed
          == workload.book.standing.count + chores.deleted + chores.renamed)
    }
    #expect(workload.book.chores.refusals["backend", default: 0] > 0)
  }

  @Test func `a deletion that was refused is owed until it is confirmed`() throws {
    var (workload, _) = done(200)
    let path = try #require(workload.book.standing.keys.first)
    workload.note(.refused("internal"), of: .delete(path))
    #expect(workload.book.standing[path] == nil && workload.book.owed == [path])
    var asked = 0
    while workload.book.owed == [path], asked < 1_000 {
      asked += 1
      let chore = workload.next()
      if case .read = chore { continue }
      workload.note(.done, of: chore)
    }
    #expect(workload.book.owed.isEmpty && asked < 1_000)
  }

  @Test func `two shares have no name and no bytes in common`() {
    let (first, second) = (done(500).0.book.standing, done(500, share: 1).0.book.standing)
    #expect(Set(first.keys).isDisjoint(with: second.keys))
    #expect(Set(first.values.map(\.number)).isDisjoint(with: second.values.map(\.number)))
  }

  @Test func `names are valid, no two are alike, and some are hard to show`() {
    var names = DepotNames(share: 0)
    var generator = SeededGenerator(seed: 4)
    let made = (0..<3_000).map { _ in names.next(&generator) }
    #expect(Set(made).count == made.count)
    #expect(made.allSatisfy { !$0.bytes.contains(UInt8(ascii: "\n")) && $0.name.count <= 255 })
    #expect(made.contains { $0.bytes.contains(0x1B) })
    #expect(made.contains { String(validating: $0.bytes, as: UTF8.self) == nil })
  }

  @Test func `an edition has its size, and its bytes are its own`() {
    for size in [0, 1, 1_020, 1_021, 1_022, 70_000] {
      let edition = Edition(number: 7, size: size)
      #expect(edition.bytes.count == size && edition.bytes == edition.bytes)
    }
    #expect(Edition(number: 7, size: 64).bytes != Edition(number: 8, size: 64).bytes)
  }

  @Test func `a file that is rewritten is damaged no more`() throws {
    var (workload, _) = done(200)
    let path = try #require(workload.book.standing.keys.first)
    workload.noteDamage(of: path)
    #expect(workload.book.damaged == [path])
    workload.note(.done, of: .rewrite(path, Edition(number: 1, size: 1)))
    #expect(workload.book.damaged.isEmpty)
  }
}
