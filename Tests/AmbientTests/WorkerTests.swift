// Threads of our own: they run what they are given, under their name, and are waited for.

import Ambient
import Glibc
import Synchronization
import Testing

@Suite struct WorkerTests {
  @Test func `a worker has run when it was joined, on a thread of its own`() {
    let ran = Monitor<pthread_t?>(nil)
    let worker = Worker("runner") { ran.withLock { $0 = pthread_self() } }
    worker.join()
    let thread = ran.withLock { $0 }
    #expect(thread != nil)
    #expect(thread != pthread_self())
  }

  @Test func `a worker that is let go of has run too`() {
    let ran = Monitor(false)
    let begin = Monitor(false)
    do {
      let worker = Worker("runner") {
        _ = begin.wait { $0 ? true : nil }
        ran.withLock { $0 = true }
      }
      begin.change { $0 = true }
      _ = consume worker
    }
    #expect(ran.withLock { $0 })
  }

  @Test func `a worker that was detached runs on by itself`() {
    let ran = Monitor(false)
    Worker("runner") { ran.change { $0 = true } }.detach()
    #expect(ran.wait { $0 ? true : nil } == true)
  }

  @Test(
    arguments: [
      ("uploads", "uploads"), ("exactly-15-long", "exactly-15-long"),
      ("longer than the kernel keeps", "longer than the"), ("", ""),
    ])
  func `the kernel shows the worker's name`(_ name: String, _ shown: String) {
    let read = Monitor<String?>(nil)
    Worker(name) {
      let name = threadName()
      read.withLock { $0 = name }
    }.join()
    #expect(read.withLock { $0 } == shown)
  }

  @Test func `each of many runs once, and all are waited for`() {
    let ran = Monitor<[Int]>([])
    Worker.each(8, named: "each") { index in ran.withLock { $0.append(index) } }
    #expect(ran.withLock { $0.sorted() } == Array(0..<8))
    Worker.each(0, named: "none") { _ in ran.withLock { $0.append(99) } }
    #expect(ran.withLock { $0.count } == 8)
  }

  @Test func `workers that wait for each other all run at once`() {
    let arrived = Monitor(0)
    // With fewer threads than these this would never end.
    Worker.each(32, named: "all") { _ in
      arrived.change { $0 += 1 }
      _ = arrived.wait { $0 == 32 ? true : nil }
    }
    #expect(arrived.withLock { $0 } == 32)
  }
}

/// What the kernel calls the calling thread.
private func threadName() -> String {
  var name = [UInt8](repeating: 0, count: 64)
  let file = unsafe open("/proc/thread-self/comm", O_RDONLY)
  let count = unsafe read(file, &name, name.count)
  close(file)
  return String(decoding: name[..<max(0, count - 1)], as: UTF8.self)
}
