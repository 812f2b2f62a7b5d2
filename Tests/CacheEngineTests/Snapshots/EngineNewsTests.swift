// Who wants to know of changes is woken by them, once for many, and no more once it is let go of.

import Ambient
import Testing

@testable import CacheEngine

@Suite struct EngineNewsTests {
  private struct Woken {
    var count = 0
    /// Whoever is woken waits until this many wakes may end.
    var mayEnd = 0
  }

  @Test func `many changes during a wake are one more wake`() {
    let news = EngineNews()
    let woken = Monitor(Woken())
    _ = news.add(
      {
        let mine = woken.change { (woken: inout Woken) -> Int in
          woken.count += 1
          return woken.count
        }
        _ = woken.wait { $0.mayEnd >= mine ? true : nil }
      }, moves: { false })
    news.note()
    _ = woken.wait { $0.count == 1 ? true : nil }
    for _ in 0..<1_000 { news.note() }
    woken.change { $0.mayEnd = 1 }
    _ = woken.wait { $0.count == 2 ? true : nil }
    woken.change { $0.mayEnd = .max }
    news.stop()
    _ = woken.wait { $0.count == 3 ? true : nil }
    #expect(news.count == 1_001)
  }

  @Test func `while things move there are wakes without changes`() {
    let news = EngineNews()
    let woken = Monitor(0)
    let number = news.add({ woken.change { $0 += 1 } }, moves: { true })
    _ = woken.wait { $0 >= 2 ? true : nil }
    news.remove(number)
    #expect(news.count == 0)
    news.stop()
  }
}
