// The terminal of other tests keeps to its script.

import Ambient
import Terminal
import Testing

@Suite struct ScriptedTerminalTests {
  let clock = ManualClock()
  let size = GridSize(rows: 3, columns: 20)

  private func surface(_ text: String) -> Surface {
    var surface = Surface(size)
    surface.draw(text, row: 0, column: 0, Style(), in: surface.region)
    return surface
  }

  @Test func `keys come as scripted, and then the end`() {
    var terminal = ScriptedTerminal(
      size, [.type("ab"), .key("F5"), .resize(GridSize(rows: 1, columns: 5))], clock: clock)
    #expect(terminal.next(until: nil) == [.key(.character("a")), .key(.character("b"))])
    #expect(terminal.next(until: nil) == [.key(Key(.function(5)))])
    #expect(terminal.next(until: nil) == [.resized(GridSize(rows: 1, columns: 5))])
    #expect(terminal.size == GridSize(rows: 1, columns: 5))
    #expect(terminal.next(until: nil) == [.ended(.closed)])
  }

  @Test func `what is wanted is waited for by letting time pass, and not for ever`() {
    var terminal = ScriptedTerminal(
      size, [.until("ten ticks") { $0.lines[0] == "10" }, .key("q")], clock: clock)
    let start = clock.monotonic.now()
    var ticks = 0
    while terminal.next(until: clock.monotonic.now() + .seconds(1)) == [.timeUp] {
      ticks += 1
      _ = terminal.show(surface("\(ticks)"), .data)
    }
    #expect(ticks == 10)
    #expect(clock.monotonic.now() - start == .seconds(10))
    #expect(terminal.missed == nil)
    #expect(terminal.framesShown == 10)

    var vain = ScriptedTerminal(size, [.until("never") { _ in false }], clock: clock)
    while vain.next(until: clock.monotonic.now() + .seconds(1)) == [.timeUp] {}
    #expect(vain.missed == "never")
  }

  @Test func `a wake from another thread is waited for`() {
    let waker = Waker()
    var terminal = ScriptedTerminal(
      size, [.until("woken") { $0.lines[0] == "woken" }], clock: clock, waker: waker)
    let worker = Worker("waker") { waker.wake() }
    #expect(terminal.next(until: nil) == [.woken])
    _ = terminal.show(surface("woken"), .data)
    #expect(terminal.next(until: nil) == [.ended(.closed)])
    #expect(terminal.missed == nil)
    worker.join()
  }
}
