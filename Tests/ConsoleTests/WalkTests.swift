// A console that is walked about in at random: whatever keys, sizes and snapshots come, what curses
// made of all the changes is what it makes of the whole picture at the end, and nothing traps.

import Ambient
import Bytes
import Console
import Operations
import Terminal
import TerminalEmulator
import Testing
import Views
import Widgets

@Suite struct WalkTests {
  private static let keys = [
    "j", "k", "g", "G", "Tab", "S-Tab", "Esc", "Enter", "q", "?", ":", "a", "e", "c", "b", "E", "J",
    "R", "D", "z", "1", "2", "0", "PgDn", "C-d", "Space", "x", "C-l", "F5", "Down", "Up", "u", "n",
    "Backspace", "y", "Y", "s", "/", "f",
  ]
  private static let sizes = [(24, 80), (40, 120), (10, 40), (5, 20), (1, 1), (2, 7), (30, 73)]

  @Test(arguments: [UInt64](1...6))
  func `after any walk the changes have come to the whole picture`(_ seed: UInt64) {
    guard let (emulator, last) = walk(seed), let whole = drawn(last) else { return }
    #expect(emulator.lines == whole.lines, "seed \(seed)")
    for row in 0..<last.size.rows {
      for column in 0..<last.size.columns
      where visible(emulator[row, column]) != visible(whole[row, column]) {
        Issue.record("seed \(seed): row \(row), column \(column) looks different")
        return
      }
    }
  }

  /// What a person sees of a cell: a blank has no text whose colour could be seen.
  private func visible(_ cell: EmulatedCell) -> EmulatedLook {
    var look = cell.look
    let isBlank = cell.text == " " && look.attributes.isDisjoint(with: [.underline, .reverse])
    if isBlank { (look.foreground, look.attributes) = (.own, []) }
    return look
  }

  /// What a terminal shows after a walk, and what it should show.
  private func walk(_ seed: UInt64) -> (Emulator, Surface)? {
    var random = SeededGenerator(seed: seed)
    var size = GridSize(rows: 24, columns: 80)
    var model = Sample.model(Sample.quiet, columns: size.columns, rows: size.rows)
    guard var screen = curses(size) else { return nil }
    var emulator = Emulator(size)
    for step in 0..<80 {
      for effect in stride(model: &model, &random, &size) {
        guard case .load(let ticket, let operation, let input) = effect else { continue }
        _ = model.handle(
          .loaded(ticket, Self.answer(operation, input, &random)), at: Sample.moment)
      }
      let surface = model.surface()
      #expect(surface.size == size, "seed \(seed), step \(step)")
      if emulator.size != size {
        screen.resize(to: size)
        emulator.resize(to: size)
      }
      emulator.feed(screen.show(surface).bytes)
    }
    return (emulator, model.surface())
  }

  /// A surface on a screen that nothing is on. There is one curses in a process at a time, so this
  /// comes after the walk and not beside it.
  private func drawn(_ surface: Surface) -> Emulator? {
    guard var screen = curses(surface.size) else { return nil }
    var emulator = Emulator(surface.size)
    emulator.feed(screen.show(surface).bytes)
    return emulator
  }

  private func curses(_ size: GridSize) -> CursesScreen? {
    let screen = CursesScreen(
      kinds: ["xterm-256color"], size, alphabet: .unicode, wish: .automatic,
      environment: TerminalEnvironment([:]), theme: .dark)
    if screen == nil { Issue.record("the terminal database lacks xterm-256color") }
    return screen
  }

  /// One random thing that happens; what the console wants done.
  private func stride(
    model: inout ConsoleModel, _ random: inout SeededGenerator, _ size: inout GridSize
  ) -> [ConsoleEffect] {
    switch Int.random(in: 0..<20, using: &random) {
    case 0:
      let (rows, columns) = Self.sizes.randomElement(using: &random) ?? (24, 80)
      size = GridSize(rows: rows, columns: columns)
      return model.handle(.terminal(.resized(size)), at: Sample.moment)
    case 1, 2:
      var snapshot =
        [Sample.quiet, Sample.stored, Sample.trouble].randomElement(using: &random)
        ?? Sample.quiet
      snapshot.uploads.queued.files = UInt64.random(in: 0..<5_000, using: &random)
      return model.handle(.snapshot(snapshot), at: Sample.moment)
    case 3:
      let level = DetailLevel.allCases.randomElement(using: &random) ?? .all
      return model.handle(.terminal(.detail(level)), at: Sample.moment)
    default: return model.press(Self.keys.randomElement(using: &random) ?? "j")
    }
  }

  private static func answer(
    _ operation: String, _ input: JSONValue, _ random: inout SeededGenerator
  ) -> Result<Answer, Refusal> {
    if Int.random(in: 0..<5, using: &random) == 0 {
      return .failure(Refusal(.conflict, "what it is about has changed since"))
    }
    if input["dryRun"] == true { return .success(Answer(LoopTests.plan)) }
    return .success(Answer(.object([:]), receipt: "evt:1", job: nil))
  }
}
