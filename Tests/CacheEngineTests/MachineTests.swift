// The engine's machines, as conversations: what happens goes in, what is to be done comes out.

import Ambient
import ColdStorage
import DurableFiles
import Testing

@testable import CacheEngine

@Suite struct UploadQueueTests {
  private func looked(
    _ found: [FilePath], all: Bool = true, next: WallTime? = nil
  ) -> UploadQueue.Event {
    .looked(found: found, isAll: all, nextDue: next, at: WallTime(seconds: 0))
  }

  @Test func `what is dirty is looked up, and begun in that order as far as there are places`() {
    var queue = UploadQueue(batchMax: 8, concurrencyMax: 2)
    #expect(queue.handle(.noticed) == [.look(max: 8)])
    #expect(queue.handle(looked(["a", "b", "c"])) == [.begin("a"), .begin("b")])
    #expect(queue.handle(.ended("a", restsUntil: nil)) == [.begin("c")])
    #expect(queue.handle(.ended("c", restsUntil: nil)) == [])
    #expect(queue.handle(.ended("b", restsUntil: nil)) == [])
    #expect(queue.underWayCount == 0)
  }

  @Test func `one file is never under way twice`() {
    var queue = UploadQueue(batchMax: 8, concurrencyMax: 4)
    _ = queue.handle(.noticed)
    #expect(queue.handle(looked(["a"])) == [.begin("a")])
    #expect(queue.handle(.noticed) == [.look(max: 9)])
    #expect(queue.handle(looked(["a", "b"])) == [.begin("b")])
    #expect(queue.handle(.prioritised(["a"])) == [])
    #expect(queue.isUnderWay("a"))
  }

  @Test func `more is looked for when few wait, and not before`() {
    var queue = UploadQueue(batchMax: 4, concurrencyMax: 1)
    _ = queue.handle(.noticed)
    #expect(queue.handle(looked(["a", "b", "c", "d", "e"], all: false)) == [.begin("a")])
    #expect(queue.handle(.ended("a", restsUntil: nil)) == [.begin("b")])
    #expect(queue.handle(.ended("b", restsUntil: nil)) == [.begin("c"), .look(max: 5)])
    #expect(queue.handle(looked(["c", "d"])) == [])
    #expect(queue.handle(.ended("c", restsUntil: nil)) == [.begin("d")])
    #expect(queue.handle(.ended("d", restsUntil: nil)) == [])
  }

  @Test func `other limits hold from the next claim on`() {
    var queue = UploadQueue(batchMax: 8, concurrencyMax: 1)
    _ = queue.handle(.noticed)
    #expect(queue.handle(looked(["a", "b", "c", "d"])) == [.begin("a")])
    #expect(
      queue.handle(.limited(batchMax: 8, concurrencyMax: 3)) == [.begin("b"), .begin("c")])
  }

  @Test func `news that come while somebody looks are not forgotten`() {
    var queue = UploadQueue(batchMax: 4, concurrencyMax: 1)
    #expect(queue.handle(.noticed) == [.look(max: 4)])
    #expect(queue.handle(.noticed) == [])
    #expect(queue.handle(looked([])) == [.look(max: 4)])
    #expect(queue.handle(looked([])) == [])
  }

  @Test func `a look that brings nothing new is not repeated at once`() {
    var queue = UploadQueue(batchMax: 4, concurrencyMax: 2)
    _ = queue.handle(.noticed)
    #expect(queue.handle(looked(["a"], all: false)) == [.begin("a"), .look(max: 5)])
    #expect(
      queue.handle(looked(["a"], all: false)) == [.wake(at: WallTime(seconds: 1))])
  }

  @Test func `a file of which nothing could be written down rests before it is tried again`() {
    var queue = UploadQueue(batchMax: 4, concurrencyMax: 2)
    _ = queue.handle(.noticed)
    _ = queue.handle(looked(["a"]))
    #expect(queue.handle(.ended("a", restsUntil: WallTime(seconds: 5))) == [])
    #expect(queue.handle(.noticed) == [.look(max: 4)])
    #expect(queue.handle(looked(["a"])) == [.wake(at: WallTime(seconds: 1))])
    #expect(queue.handle(.woken) == [.look(max: 4)])
    #expect(
      queue.handle(
        .looked(found: ["a"], isAll: true, nextDue: nil, at: WallTime(seconds: 5))) == [.begin("a")]
    )
  }

  @Test func `a deadline is waited for, and looked behind`() {
    var queue = UploadQueue(batchMax: 4, concurrencyMax: 1)
    _ = queue.handle(.noticed)
    #expect(
      queue.handle(looked([], next: WallTime(seconds: 9))) == [.wake(at: WallTime(seconds: 9))])
    #expect(queue.handle(.woken) == [.look(max: 4)])
  }

  @Test func `nothing begins while anybody holds, and all that waited begins afterwards`() {
    var queue = UploadQueue(batchMax: 4, concurrencyMax: 2)
    _ = queue.handle(.noticed)
    #expect(queue.handle(.held(.paused("a move"))) == [])
    #expect(queue.handle(.held(.policy("the license allows 1 TiB"))) == [])
    #expect(queue.handle(looked(["a", "b"])) == [])
    #expect(queue.handle(.resumed) == [])
    #expect(queue.holds == [.policy("the license allows 1 TiB")])
    #expect(
      queue.handle(.released(.policy("the license allows 1 TiB"))) == [.begin("a"), .begin("b")])
  }

  @Test func `what is prioritised comes first, even when it was not looked up`() {
    var queue = UploadQueue(batchMax: 4, concurrencyMax: 1)
    _ = queue.handle(.noticed)
    #expect(queue.handle(looked(["a", "b", "c"])) == [.begin("a")])
    #expect(queue.handle(.prioritised(["z", "c", "z"])) == [])
    #expect(queue.handle(.ended("a", restsUntil: nil)) == [.begin("z")])
    #expect(queue.handle(.ended("z", restsUntil: nil)) == [.begin("c")])
    #expect(queue.handle(.ended("c", restsUntil: nil)) == [.begin("b")])
  }

  @Test func `pauses grow, are drawn, and end in giving up`() {
    let backoff = UploadBackoff(
      attemptsMax: 3, firstPause: .seconds(2), pauseMax: .seconds(3))
    let gone = StorageError.unavailable(store: "s", detail: "", retryAfter: nil)
    #expect(backoff.decide(after: gone, attempt: 1, random: 0) == .again(in: .seconds(1)))
    guard case .again(let most) = backoff.decide(after: gone, attempt: 1, random: .max) else {
      Issue.record("given up at once")
      return
    }
    #expect(most > .milliseconds(1_999) && most <= .seconds(2))
    #expect(backoff.decide(after: gone, attempt: 2, random: 0) == .again(in: .milliseconds(1_500)))
    #expect(backoff.decide(after: gone, attempt: 3, random: 0) == .giveUp)
    #expect(
      backoff.decide(after: .tooLarge(size: 2, bytesMax: 1), attempt: 1, random: 0) == .giveUp)
  }
}

@Suite struct RestoreTableTests {
  @Test func `all who ask for one file share its restore`() {
    var table = RestoreTable(concurrencyMax: 2)
    #expect(table.handle(.asked("a", by: 1)) == [.begin("a")])
    #expect(table.handle(.asked("a", by: 2)) == [])
    #expect(table.handle(.ended("a")) == [.answer([1, 2])])
    #expect(table.handle(.asked("a", by: 3)) == [.begin("a")])
  }

  @Test func `files are brought in the order of asking, as far as there are places`() {
    var table = RestoreTable(concurrencyMax: 1)
    #expect(table.handle(.asked("a", by: 1)) == [.begin("a")])
    #expect(table.handle(.asked("b", by: 2)) == [])
    #expect(table.handle(.asked("c", by: 3)) == [])
    #expect(table.handle(.ended("a")) == [.answer([1]), .begin("b")])
    #expect(table.handle(.ended("b")) == [.answer([2]), .begin("c")])
    #expect(table.handle(.ended("c")) == [.answer([3])])
    #expect(table.filesCount == 0 && table.underWayCount == 0)
  }

  @Test func `who asks for too many files is refused, and nothing is remembered of it`() throws {
    var table = RestoreTable(concurrencyMax: 1)
    for number in 0..<RestoreTable.filesMax {
      _ = table.handle(.asked(try FilePath("f\(number)"), by: UInt64(number)))
    }
    #expect(table.handle(.asked("one more", by: 1)) == [.refuse(1)])
    #expect(table.handle(.asked("f7", by: 2)) == [])
    #expect(table.filesCount == RestoreTable.filesMax)
  }

  @Test func `too many who wait for one file are refused`() {
    var table = RestoreTable(concurrencyMax: 1)
    for number in 0..<RestoreTable.askersMax {
      _ = table.handle(.asked("a", by: UInt64(number)))
    }
    #expect(table.handle(.asked("a", by: 9)) == [.refuse(9)])
    _ = table.handle(.ended("a"))
    #expect(table.handle(.asked("a", by: 9)) == [.begin("a")])
  }
}

@Suite struct EvictorTests {
  @Test func `a round begins above the limit and ends below the kept part`() {
    var evictor = Evictor(.init(bytesMax: 100, lowWatermark: 80))
    #expect(evictor.handle(.measured(hotBytes: 100)) == [])
    #expect(evictor.handle(.measured(hotBytes: 101)) == [.look(max: 64, fromStart: true)])
    #expect(evictor.handle(.looked(["a", "b", "c"])) == [.evict("a")])
    #expect(evictor.handle(.tried(freed: 20, hotBytes: 81)) == [.evict("b")])
    #expect(evictor.handle(.tried(freed: 9, hotBytes: 72)) == [.evict("c")])
    #expect(evictor.handle(.tried(freed: 1, hotBytes: 71)) == [.rest(isEnough: true)])
    #expect(evictor.handle(.measured(hotBytes: 71)) == [])
  }

  @Test func `files that stay are passed over, and the next page follows`() {
    var evictor = Evictor(.init(bytesMax: 100, lowWatermark: 80))
    _ = evictor.handle(.measured(hotBytes: 150))
    #expect(evictor.handle(.looked(["a"])) == [.evict("a")])
    #expect(
      evictor.handle(.tried(freed: nil, hotBytes: 150)) == [.look(max: 64, fromStart: false)])
    #expect(evictor.handle(.looked(["b"])) == [.evict("b")])
    #expect(
      evictor.handle(.tried(freed: nil, hotBytes: 150)) == [.look(max: 64, fromStart: false)])
    #expect(evictor.handle(.looked([])) == [.rest(isEnough: false)])
    #expect(!evictor.isEvicting)
  }

  @Test func `room is made below the limit when it is wanted`() {
    var evictor = Evictor(.init(bytesMax: 100, lowWatermark: 80))
    #expect(evictor.handle(.wanted(bytes: 30, hotBytes: 60)) == [.look(max: 64, fromStart: true)])
    #expect(evictor.handle(.looked(["a", "b"])) == [.evict("a")])
    #expect(evictor.handle(.tried(freed: 10, hotBytes: 50)) == [.evict("b")])
    #expect(evictor.handle(.tried(freed: 20, hotBytes: 30)) == [.rest(isEnough: true)])
  }

  @Test func `files are tried side by side, and a round ends behind the last of them`() {
    var evictor = Evictor(.init(bytesMax: 100, lowWatermark: 80), together: 2)
    _ = evictor.handle(.measured(hotBytes: 150))
    #expect(evictor.handle(.looked(["a", "b", "c", "d"])) == [.evict("a"), .evict("b")])
    #expect(evictor.handle(.tried(freed: 20, hotBytes: 130)) == [.evict("c")])
    #expect(evictor.handle(.tried(freed: 60, hotBytes: 70)) == [])
    #expect(evictor.isEvicting)
    #expect(evictor.handle(.tried(freed: 9, hotBytes: 61)) == [.rest(isEnough: true)])
  }

  @Test func `what comes in waits for others to go once the limit is passed by an eighth`() {
    var evictor = Evictor(.init(bytesMax: 80, lowWatermark: 60))
    #expect(evictor.handle(.expected(bytes: 5, hotBytes: 85)) == [])
    #expect(evictor.handle(.expected(bytes: 6, hotBytes: 85)) == [.look(max: 64, fromStart: true)])
    #expect(evictor.handle(.looked(["a", "b"])) == [.evict("a")])
    #expect(evictor.handle(.tried(freed: 1, hotBytes: 84)) == [.rest(isEnough: true)])
  }

  @Test func `a smaller cache is evicted to from the next look on`() {
    var evictor = Evictor(.init(bytesMax: 100, lowWatermark: 80))
    #expect(evictor.handle(.measured(hotBytes: 90)) == [])
    #expect(evictor.handle(.limited(.init(bytesMax: 50, lowWatermark: 40))) == [])
    #expect(
      evictor.handle(.measured(hotBytes: 90)) == [.look(max: Evictor.batchMax, fromStart: true)])
  }

  @Test func `a limit of nothing keeps nothing`() {
    var evictor = Evictor(.init(bytesMax: 0, lowWatermark: 0))
    #expect(evictor.handle(.measured(hotBytes: 1)) == [.look(max: 64, fromStart: true)])
    #expect(evictor.handle(.looked(["a"])) == [.evict("a")])
    #expect(evictor.handle(.tried(freed: 1, hotBytes: 0)) == [.rest(isEnough: true)])
  }
}

@Suite struct TurnsTests {
  /// Whether the turn is to be had at once.
  private func isFree(_ path: FilePath, _ turns: Turns) -> Bool {
    switch turns.takeAtOnce(path) {
    case .some: true
    case .none: false
    }
  }

  @Test func `one file has one turn at a time, and another file another`() {
    let turns = Turns()
    let first = turns.takeAtOnce("a")
    #expect(!isFree("a", turns))
    switch turns.take("a", timeout: .zero) {
    case .some: Issue.record("two had the turn of one file")
    case .none: break
    }
    #expect(isFree("b", turns))
    _ = consume first
    #expect(isFree("a", turns))
  }

  @Test func `who waits gets the turn when it is given back`() {
    let turns = Turns()
    let order = Mailbox<Int>(messagesMax: 4)
    let held = turns.takeAtOnce("a")
    let waiter = Worker("waiter") {
      let turn = turns.take("a", timeout: .seconds(60))
      _ = order.post(turn == nil ? 0 : 2)
    }
    _ = order.post(1)
    _ = consume held
    waiter.join()
    #expect(order.drain() == [1, 2])
  }
}
