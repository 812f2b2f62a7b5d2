// A flag that goes up once, waits that end with it, and others that are woken by it.

import Ambient
import Testing

@Suite struct CancellationTests {
  @Test func `it goes up once and stays up`() {
    let cancellation = Cancellation()
    #expect(!cancellation.isCancelled)
    #expect(!cancellation.wait(timeout: .zero))
    cancellation.cancel()
    cancellation.cancel()
    #expect(cancellation.isCancelled)
    #expect(cancellation.wait(timeout: .zero))
  }

  @Test func `every thread that waits is woken`() {
    let cancellation = Cancellation()
    let waiting = Monitor(0)
    let canceller = Worker("canceller") {
      _ = waiting.wait { $0 == 4 ? true : nil }
      cancellation.cancel()
    }
    let woken = Monitor(0)
    Worker.each(4, named: "waiter") { _ in
      waiting.change { $0 += 1 }
      if cancellation.wait(timeout: .seconds(3_600)) { woken.withLock { $0 += 1 } }
    }
    canceller.join()
    #expect(woken.withLock { $0 } == 4)
  }

  @Test func `a live pause ends with its cancellation, or by itself`() {
    let cancellation = Cancellation()
    let canceller = Worker("canceller") { cancellation.cancel() }
    #expect(!Pause.live.wait(.seconds(3_600), cancellation))
    canceller.join()
    #expect(!Pause.live.wait(.zero, cancellation))
    #expect(Pause.live.wait(.zero, Cancellation()))
    #expect(Pause.live.wait(.milliseconds(2), nil))
  }

  @Test func `a test's pause moves its clock instead`() {
    let clock = ManualClock()
    let pause = Pause.advancing(clock)
    let begun = clock.monotonic.now()
    #expect(pause.wait(.seconds(3_600), nil))
    #expect(clock.monotonic.now() - begun == .seconds(3_600))
    let cancellation = Cancellation()
    #expect(pause.wait(.seconds(1), cancellation))
    cancellation.cancel()
    #expect(!pause.wait(.seconds(1), cancellation))
    #expect(clock.monotonic.now() - begun == .seconds(3_601))
  }

  @Test func `a watcher is woken by a cancellation, before or during its work`() {
    let cancellation = Cancellation()
    let parker = Parker()
    let canceller = Worker("canceller") { cancellation.cancel() }
    let during = cancellation.watched(by: { parker.unpark() }, during: { parker.park() })
    canceller.join()
    let before = cancellation.watched(by: { parker.unpark() }, during: { parker.park() })
    #expect(during && before)
  }

  @Test func `a watcher is forgotten when its work has ended`() {
    let cancellation = Cancellation()
    let woken = Monitor(false)
    cancellation.watched(by: { woken.withLock { $0 = true } }, during: {})
    cancellation.cancel()
    #expect(!woken.withLock { $0 })
  }
}
