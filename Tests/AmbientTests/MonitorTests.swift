// Threads that wait for each other: nobody misses what he waited for, and nobody waits too long.

import Ambient
import Testing

@Suite struct MonitorTests {
  @Test func `changes by many threads are all there`() {
    let counter = Monitor(0)
    Worker.each(4, named: "counter") { _ in
      for _ in 0..<10_000 { counter.withLock { $0 += 1 } }
    }
    #expect(counter.withLock { $0 } == 40_000)
  }

  @Test func `a result and an error come out of the lock`() {
    struct Refused: Error, Equatable {}
    let monitor = Monitor([1, 2, 3])
    #expect(monitor.withLock { $0.removeLast() } == 3)
    #expect(throws: Refused()) {
      try monitor.withLock { (_) throws(Refused) in throw Refused() }
    }
    // The lock was let go of.
    #expect(monitor.withLock { $0 } == [1, 2])
  }

  @Test func `a waiter is woken by the change that it waits for, not by others`() {
    let monitor = Monitor(0)
    let worker = Worker("changer") {
      for _ in 0..<100 { monitor.change { $0 += 1 } }
    }
    #expect(monitor.wait { $0 == 100 ? "there" : nil } == "there")
    worker.join()
  }

  @Test func `what is there already is not waited for`() {
    let monitor = Monitor(7)
    #expect(monitor.wait { $0 == 7 ? $0 : nil } == 7)
    #expect(monitor.wait(timeout: .zero) { $0 == 7 ? $0 : nil } == 7)
  }

  @Test func `a wait that is over returns nothing`() {
    let monitor = Monitor(0)
    #expect(monitor.wait(timeout: .zero) { $0 == 1 ? $0 : nil } == nil)
    #expect(monitor.wait(timeout: .milliseconds(1)) { $0 == 1 ? $0 : nil } == nil)
    #expect(monitor.wait(timeout: .seconds(-5)) { $0 == 1 ? $0 : nil } == nil)
  }

  @Test func `a wait as long as there are numbers ends when it is woken`() {
    let monitor = Monitor(0)
    let worker = Worker("changer") { monitor.change { $0 = 1 } }
    #expect(monitor.wait(timeout: .seconds(Int64.max)) { $0 == 1 ? $0 : nil } == 1)
    worker.join()
  }

  @Test func `every one of many waiters is woken`() {
    let gate = Monitor((open: false, waiting: 0, through: 0))
    let workers = Worker("opener") {
      _ = gate.wait { $0.waiting == 8 ? true : nil }
      gate.change { $0.open = true }
    }
    Worker.each(8, named: "waiter") { _ in
      gate.change { $0.waiting += 1 }
      _ = gate.wait { $0.open ? true : nil }
      gate.change { $0.through += 1 }
    }
    #expect(gate.withLock { $0.through } == 8)
    workers.join()
  }

  @Test func `a wake that comes first is kept, once`() {
    let parker = Parker()
    parker.unpark()
    parker.unpark()
    #expect(parker.park(timeout: .zero))
    #expect(!parker.park(timeout: .zero))
  }

  @Test func `two threads that wake each other in turn never miss it`() {
    let (ping, pong) = (Parker(), Parker())
    let turns = Monitor<[String]>([])
    let worker = Worker("pong") {
      for _ in 0..<1_000 {
        pong.park()
        turns.withLock { $0.append("pong") }
        ping.unpark()
      }
    }
    for _ in 0..<1_000 {
      turns.withLock { $0.append("ping") }
      pong.unpark()
      ping.park()
    }
    worker.join()
    #expect(turns.withLock { $0 } == (0..<2_000).map { $0 % 2 == 0 ? "ping" : "pong" })
  }
}
