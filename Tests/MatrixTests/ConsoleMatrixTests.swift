// The real console in every kind of terminal, size and locale, ended in every way: it comes up, follows a storm
// of sizes, and leaves the terminal as it was and nothing behind. CI tries pairs; `.ci/matrix` all.

import Glibc
import Terminal
import TerminalEmulator
import Testing

@Suite(.serialized) struct ConsoleMatrixTests {
  @Test(arguments: Matrix.chosen)
  func `the terminal is as before, whatever it is and however the console ends`(
    _ situation: Situation
  ) throws {
    var sitting = try Sitting.begin(
      situation.size, kind: situation.kind, locale: situation.locale)
    guard situation.hasScreen else {
      sitting.read("back ")
      #expect(sitting.hasRead("TERM") && !sitting.hasRead("back 0"))
      sitting.expectAsBefore()
      return try sitting.expectNothingLeft()
    }
    sitting.waitForScreen()
    for step in 1...12 {
      sitting.resize(to: GridSize(rows: 1 + step * 7 % 60, columns: 1 + step * 31 % 210))
    }
    sitting.resize(to: situation.size)
    sitting.type("2")
    sitting.type("?")
    try end(&sitting, situation.ending)
    if !situation.isUnicode {
      #expect(sitting.written.allSatisfy { $0 < 0x80 }, "bytes that this locale does not have")
    }
    try sitting.expectNothingLeft()
  }

  private func end(_ sitting: inout Sitting, _ ending: Ending) throws {
    switch ending {
    case .quit:
      // The help lies over the screen: the first goes back from it.
      sitting.type("q")
      sitting.type("q")
      sitting.read("back 0")
    case .interrupted: try signal(&sitting, SIGINT, "back 1")
    case .terminated: try signal(&sitting, SIGTERM, "back 1")
    case .hungUp: try signal(&sitting, SIGHUP, "back 1")
    case .killed: try signal(&sitting, SIGKILL, "the terminal was restored")
    case .crashed: try signal(&sitting, SIGSEGV, "larder crashed")
    case .suspended:
      sitting.type("\u{1A}")
      sitting.read("back 148")
      sitting.expectAsBefore()
      sitting.type("\n")
      sitting.waitForScreen()
      sitting.type("qq")
      sitting.read("again 0")
    case .cut: return sitting.hangUp()
    }
    if ending == .killed || ending == .crashed { sitting.read("back ") }
    sitting.expectAsBefore()
  }

  private func signal(_ sitting: inout Sitting, _ signal: Int32, _ words: String) throws {
    #expect(kill(try sitting.console(), signal) == 0)
    sitting.read(words)
  }

  @Test func `a line of 8 KiB a second is given back at once`() throws {
    var sitting = try Sitting.begin(
      GridSize(rows: 50, columns: 200), kind: "xterm-256color", locale: "C.UTF-8")
    sitting.bytesPerSecond = 8_192
    sitting.waitForScreen()
    sitting.type("q")
    sitting.read("back 0")
    sitting.expectAsBefore()
    try sitting.expectNothingLeft()
  }

  @Test func `a terminal that answers nothing is used all the same`() throws {
    var sitting = try Sitting.begin(
      GridSize(rows: 24, columns: 80), kind: "xterm-256color", locale: "C.UTF-8")
    sitting.answers = false
    sitting.waitForScreen()
    sitting.type("2")
    sitting.waitUntil("the files") { sitting in
      sitting.emulator.lines.contains { $0.contains("by path") }
    }
    sitting.type("q")
    sitting.read("back 0")
    sitting.expectAsBefore()
    try sitting.expectNothingLeft()
  }

  @Test func `every two values of the matrix meet in what is tried`() {
    let tried = Matrix.pairwise
    #expect(tried.count < 100)
    for kind in Matrix.kinds {
      for ending in Ending.allCases {
        #expect(tried.contains { $0.kind == kind && $0.ending == ending }, "\(kind) \(ending)")
      }
      for size in Matrix.sizes {
        #expect(tried.contains { $0.kind == kind && $0.size == size }, "\(kind) \(size)")
      }
    }
  }
}
