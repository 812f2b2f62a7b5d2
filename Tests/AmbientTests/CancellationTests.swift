// That whoever waits for something else than the flag is woken by it.

import Ambient
import Testing

@Suite struct CancellationTests {
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
