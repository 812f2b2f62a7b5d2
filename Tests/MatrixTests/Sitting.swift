// A person at a terminal in a shell, with the real executable in front of a sandbox: keys, signals and the
// wire itself, and what the terminal is like before and after.

import Ambient
import ChildProcesses
import DurableFiles
import Glibc
import ScratchFiles
import Terminal
import TerminalEmulator
import Testing

/// `larder demo` in a shell on a terminal that the test plays.
struct Sitting: ~Copyable {
  /// How long anything is waited for; much longer than it takes.
  private static let patience = Duration.seconds(60)
  private static let clock = MonotonicClock.live

  private let scratch: Scratch
  private var terminal: GuestTerminal
  private let before: [UInt8]
  private(set) var emulator: Emulator
  private(set) var written: [UInt8] = []
  /// Whether the terminal answers what it is asked.
  var answers = true
  /// How many bytes a second the line takes; nil for all that come.
  var bytesPerSecond: Int?

  static func begin(_ size: GridSize, kind: String, locale: String) throws -> Sitting {
    let scratch = try Scratch()
    try scratch.disk.makeDirectory("place", mode: 0o700)
    // With job control, as a person's shell has it: what stops comes back to it.
    let script = """
      read go; set -m; "$@"; echo "back $?"; read line; fg >/dev/null 2>&1; echo "again $?"; read line
      """
    let terminal = try GuestTerminal.start(
      ["/bin/dash", "-c", script, "dash", builtProduct("larder"), "demo", "--files", "20"],
      variables: [
        "TERM": kind, "LC_ALL": locale, "PATH": "/usr/bin:/bin", "TMPDIR": scratch.path("place"),
        "SWIFT_BACKTRACE": "enable=no",
      ], size: size, clock: Self.clock)
    let sitting = Sitting(scratch, terminal, Emulator(size))
    // Now the modes are remembered, and the shell may go on.
    sitting.type("\n")
    return sitting
  }

  private init(_ scratch: Scratch, _ terminal: consuming GuestTerminal, _ emulator: Emulator) {
    before = terminal.modes
    self.scratch = scratch
    self.emulator = emulator
    self.terminal = terminal
  }

  func type(_ text: String) { terminal.type(Array(text.utf8)) }

  mutating func resize(to size: GridSize) {
    emulator.resize(to: size)
    terminal.resize(to: size)
  }

  mutating func hangUp() { terminal.hangUp() }

  /// The console's process: the shell's child.
  func console() throws -> pid_t {
    let list = "/proc/\(terminal.process)/task/\(terminal.process)/children"
    var file = try UserFile(list)
    let text = String(decoding: try file.readAll(bytesMax: 4_096), as: UTF8.self)
    return try #require(text.split(separator: " ").first.flatMap { pid_t($0) })
  }

  // MARK: - Waiting

  /// Reads and answers until something is so.
  mutating func waitUntil(
    _ words: String, _ location: SourceLocation = #_sourceLocation,
    isSo: (borrowing Sitting) throws -> Bool
  ) rethrows {
    let end = Self.clock.now() + Self.patience
    while try !isSo(self) {
      guard Self.clock.now() < end, readOnce(until: end) else {
        Issue.record(
          "\(words) did not come; there is \(emulator.lines.filter { !$0.isEmpty })",
          sourceLocation: location)
        return
      }
    }
  }

  /// Waits until the words were written, wherever they are on the screen by now.
  mutating func read(_ words: String, _ location: SourceLocation = #_sourceLocation) {
    waitUntil("'\(words)'", location) { $0.hasRead(words) }
  }

  func hasRead(_ words: String) -> Bool {
    let wanted = Array(words.utf8)
    guard written.count >= wanted.count else { return false }
    return (0...written.count - wanted.count).contains {
      written[$0] == wanted[0] && written[$0..<$0 + wanted.count].elementsEqual(wanted)
    }
  }

  /// Waits until the screen was entered: the modes of a full screen are on, and something is on it where
  /// there is more room than for the blank that every picture begins with.
  mutating func waitForScreen(_ location: SourceLocation = #_sourceLocation) {
    waitUntil("the screen", location) { sitting in
      sitting.emulator.modes.contains(2004)
        && (sitting.emulator.size.columns == 1
          || sitting.emulator.lines.contains { line in line.contains { $0 != " " } })
    }
  }

  private mutating func readOnce(until end: MonotonicTime) -> Bool {
    let beat = Duration.milliseconds(4)
    let bytesMax = bytesPerSecond.map { max(1, $0 * 4 / 1_000) } ?? 65_536
    guard
      let bytes = terminal.read(until: min(end, Self.clock.now() + .seconds(1)), bytesMax: bytesMax)
    else { return false }
    written += bytes
    emulator.feed(bytes[...])
    let told = emulator.takeAnswers()
    if answers && !told.isEmpty { terminal.type(told) }
    if bytesPerSecond != nil { _ = Pause.live.wait(beat, nil) }
    return true
  }

  // MARK: - Afterwards

  /// No mode is on, the line is as it was, and nothing was written that terminals do not know.
  func expectAsBefore(_ location: SourceLocation = #_sourceLocation) {
    #expect(emulator.modesChanged == [], sourceLocation: location)
    #expect(!emulator.isKeypadOn, sourceLocation: location)
    #expect(emulator.look == EmulatedLook(), sourceLocation: location)
    #expect(emulator.unknown == [], sourceLocation: location)
    #expect(terminal.modes == before, sourceLocation: location)
  }

  /// Waits until the sandbox is gone: whoever ran it has ended, or its last will was done.
  mutating func expectNothingLeft(_ location: SourceLocation = #_sourceLocation) throws {
    let disk = try PosixDisk(root: scratch.path("place"))
    let end = Self.clock.now() + Self.patience
    while try !disk.list(.root).isEmpty {
      guard Self.clock.now() < end else {
        Issue.record("the sandbox is still there", sourceLocation: location)
        return
      }
      // Whoever still ends must not be held up by a terminal that nobody reads.
      if !readOnce(until: Self.clock.now() + .milliseconds(10)) {
        _ = Pause.live.wait(.milliseconds(10), nil)
      }
    }
  }
}
