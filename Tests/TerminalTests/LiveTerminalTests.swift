// A live terminal on a pseudo-terminal, with an emulated terminal at its other end. The process does
// not belong to it here; what signals and sudden ends do is in HygieneTests.

import Ambient
import CTerminal
import TerminalEmulator
import Testing

@testable import Terminal

@Suite(.serialized) struct LiveTerminalTests {
  @Test func `what is typed arrives as keys, and what is shown is seen`() throws {
    let line = try TestLine(GridSize(rows: 10, columns: 40))
    var terminal = try line.open()
    defer { terminal.close() }
    line.type("aä\u{1B}OA\u{1B}[200~p\u{1B}[A\u{1B}[201~")
    #expect(
      terminal.events(4) == [
        .key(.character("a")), .key(.character("ä")), .key(Key(.up)),
        .paste(Paste(Array("p\u{1B}[A".utf8))),
      ])
    #expect(terminal.show(line.surface("hello"), .key) == true)
    #expect(line.lines()[0] == "hello")
    #expect(line.emulator.unknown == [])
    #expect(line.emulator.modes.contains(2004))
    #expect(!line.emulator.modes.contains(1000))
    #expect(line.emulator.isKeypadOn)
  }

  @Test(arguments: [
    "xterm-256color", "tmux-256color", "screen-256color", "linux", "vt100", "xterm-mono",
    "xterm-kitty",
  ])
  func `closing leaves no mode on and the line as it was`(_ kind: String) throws {
    let line = try TestLine(GridSize(rows: 10, columns: 40))
    let before = line.modes()
    for isMouse in [false, true] {
      var terminal = try line.open(kind)
      #expect(line.modes() != before)
      terminal.useMouse(isMouse)
      _ = terminal.show(line.surface("hello"), .key)
      line.pump()
      #expect(line.emulator.modes.contains(1000) == isMouse)
      line.answer()
      terminal.close()
      line.pump()
      #expect(line.modes() == before)
      #expect(line.emulator.modesChanged == [], "\(kind)")
      #expect(!line.emulator.isKeypadOn)
      #expect(line.emulator.look == EmulatedLook())
    }
  }

  @Test func `an unknown kind and a file are refused, and the line stays as it was`() throws {
    let line = try TestLine(GridSize(rows: 10, columns: 40))
    let before = line.modes()
    for kind in ["nonsense", "dumb", ""] {
      #expect(throws: TerminalError.unknownKind(kind)) {
        var terminal = try line.open(kind)
        terminal.close()
      }
    }
    #expect(line.modes() == before)
    let wake = cterminal_wake_descriptor()
    #expect(throws: TerminalError.notATerminal) {
      var terminal = try LiveTerminal(line.options("xterm", wake))
      terminal.close()
    }
    cterminal_close_descriptor(wake)
  }

  @Test func `data waits until the terminal has read the last frame`() throws {
    let line = try TestLine(GridSize(rows: 10, columns: 40))
    var terminal = try line.open()
    defer { terminal.close() }
    #expect(terminal.show(line.surface("one"), .data) == true)
    #expect(terminal.show(line.surface("key"), .key) == true)
    #expect(terminal.show(line.surface("two"), .data) == false)
    line.pump()
    line.answer()
    #expect(terminal.next(until: nil) == [.ready])
    #expect(terminal.roundTrip != nil)
    #expect(terminal.show(line.surface("three"), .data) == true)
    #expect(line.lines()[0] == "three")
    line.answer()
  }

  @Test func `frames are one once the terminal knows how, and not before`() throws {
    let line = try TestLine(GridSize(rows: 10, columns: 40))
    for isKnown in [false, true] {
      line.emulator.knowsSynchronisedOutput = isKnown
      let before = line.emulator.framesSynchronised
      var terminal = try line.open()
      _ = terminal.show(line.surface("one"), .key)
      line.pump()
      #expect(line.emulator.framesSynchronised == before)
      line.answer()
      _ = terminal.next(until: line.soon())
      #expect(terminal.isSynchronisedOutput == isKnown)
      _ = terminal.show(line.surface("two"), .key)
      line.pump()
      #expect(line.emulator.framesSynchronised == before + (isKnown ? 1 : 0))
      line.answer()
      terminal.close()
    }
  }

  @Test func `a terminal that stopped reading stops nobody`() throws {
    let line = try TestLine(GridSize(rows: 50, columns: 200))
    let before = line.modes()
    var terminal = try line.open()
    var refused = false
    for number in 0..<2_000 where !refused {
      let text = String(repeating: "\(number) ", count: 40)
      refused = !terminal.show(line.filled(text), .key)
    }
    #expect(refused, "what is not read was queued without end")
    line.type("q")
    #expect(terminal.events(1) == [.key(.character("q"))])
    terminal.close()
    #expect(line.modes() == before)
  }

  @Test func `a terminal that is gone says so, once, and can be closed`() throws {
    let line = try TestLine(GridSize(rows: 10, columns: 40))
    var terminal = try line.open()
    line.hangUp()
    #expect(terminal.next(until: nil) == [.ended(.closed)])
    #expect(terminal.next(until: line.soon()) == [.timeUp])
    #expect(terminal.show(line.surface("nobody sees it"), .key) == true)
    terminal.close()
  }

  @Test func `a wake, a time and a lone escape are what they are`() throws {
    let line = try TestLine(GridSize(rows: 10, columns: 40))
    var terminal = try line.open()
    defer { terminal.close() }
    line.waker.wake()
    line.waker.wake()
    #expect(terminal.next(until: nil) == [.woken])
    #expect(terminal.next(until: line.soon()) == [.timeUp])
    line.type("\u{1B}")
    #expect(terminal.next(until: nil) == [.key(Key(.escape))])
  }

  @Test func `the clipboard is asked by OSC 52, within its bounds`() throws {
    let line = try TestLine(GridSize(rows: 10, columns: 40))
    var terminal = try line.open()
    defer { terminal.close() }
    #expect(terminal.copy(Array("a path".utf8)) == true)
    line.pump()
    #expect(line.emulator.clipboard == "YSBwYXRo")
    #expect(
      terminal.copy([UInt8](repeating: 0, count: LiveTerminal.clipboardBytesMax + 1)) == false)
    terminal.ring()
    line.pump()
    #expect(line.emulator.bellsRung == 1)
  }

  @Test func `a suspended screen is given back, and comes back whole`() throws {
    let line = try TestLine(GridSize(rows: 10, columns: 40))
    let before = line.modes()
    var terminal = try line.open()
    defer { terminal.close() }
    _ = terminal.show(line.surface("before"), .key)
    line.pump()
    line.answer()
    _ = terminal.next(until: line.soon())
    terminal.suspend()
    line.pump()
    #expect(line.emulator.modes.contains(2004), "it is back already: nothing stops this process")
    #expect(line.modes() != before)
    _ = terminal.show(line.surface("after"), .key)
    #expect(line.lines()[0] == "after")
    line.answer()
  }

  @Test func `what is written can be recorded`() throws {
    let line = try TestLine(GridSize(rows: 10, columns: 40))
    var terminal = try line.open(recording: true)
    _ = terminal.show(line.surface("hello"), .key)
    line.pump()
    line.answer()
    let lines = terminal.recorder?.lines(started: WallTime(seconds: 1)) ?? []
    #expect(lines.count == 2)
    #expect(lines.last?.contains("hello") == true)
    terminal.close()
  }
}

extension LiveTerminal {
  /// The next events, at least so many.
  mutating func events(_ count: Int) -> [TerminalEvent] {
    var events: [TerminalEvent] = []
    while events.count < count { events += next(until: nil) }
    return events
  }
}

/// A pseudo-terminal with an emulated terminal outside.
final class TestLine {
  private var outside: Int32
  private let inside: Int32
  var emulator: Emulator
  let waker = Waker()

  init(_ size: GridSize) throws {
    var (outside, inside): (Int32, Int32) = (-1, -1)
    let opened = unsafe cterminal_open_line(
      Int32(size.rows), Int32(size.columns), &outside, &inside)
    try #require(opened == 1, "no pseudo-terminal")
    (self.outside, self.inside) = (outside, inside)
    emulator = Emulator(size)
  }

  deinit {
    cterminal_close_descriptor(inside)
    hangUp()
  }

  func options(_ kind: String, _ descriptor: Int32? = nil) -> TerminalOptions {
    TerminalOptions(
      descriptor: descriptor ?? inside,
      environment: TerminalEnvironment(["TERM": kind, "LANG": "C.UTF-8"]),
      theme: ScreenUnderTest.testTheme, clock: .live, waker: waker, isProcessOwner: false)
  }

  func open(_ kind: String = "xterm-256color", recording: Bool = false) throws -> LiveTerminal {
    var options = options(kind)
    options.recordedBytesMax = recording ? 1_000_000 : 0
    return try LiveTerminal(options)
  }

  func surface(_ text: String) -> Surface {
    var surface = Surface(emulator.size)
    surface.draw(text, row: 0, column: 0, Style(.title), in: surface.region)
    return surface
  }

  func filled(_ text: String) -> Surface {
    var surface = Surface(emulator.size)
    for row in 0..<surface.size.rows {
      surface.draw("\(row) " + text, row: row, column: 0, Style(), in: surface.region)
    }
    return surface
  }

  func type(_ text: String) {
    let bytes = Array(text.utf8)
    #expect(unsafe cterminal_write(outside, bytes, bytes.count) == bytes.count)
  }

  /// Lets the emulated terminal read what was written: a mark is written behind it and read up to,
  /// for a pseudo-terminal passes bytes on in its own time.
  func pump() {
    let mark = Array("\u{1B}]mark\u{7}".utf8)
    #expect(unsafe cterminal_write(inside, mark, mark.count) == mark.count)
    var read: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while !read.suffix(mark.count).elementsEqual(mark) {
      let ready = cterminal_wait(outside, 0, -1, 10_000_000_000)
      guard ready & Int32(CTERMINAL_READABLE) != 0 else {
        Issue.record("nothing came in 10 s")
        return
      }
      let count = Int(unsafe cterminal_read(outside, &part, part.count))
      guard count > 0 else { return }
      read += part[..<count]
    }
    emulator.feed(read)
  }

  /// Sends the answers that the emulated terminal has.
  func answer() {
    let answers = emulator.takeAnswers()
    if !answers.isEmpty { type(String(decoding: answers, as: UTF8.self)) }
  }

  func lines() -> [String] {
    pump()
    return emulator.lines
  }

  /// The terminal goes away.
  func hangUp() {
    if outside >= 0 { cterminal_close_descriptor(outside) }
    outside = -1
  }

  func modes() -> [UInt8] {
    var modes = [UInt8](repeating: 0, count: cterminal_modes_size())
    #expect(unsafe cterminal_save_modes(inside, &modes) == 1)
    return modes
  }

  func soon() -> MonotonicTime { MonotonicClock.live.now() + .milliseconds(5) }
}
