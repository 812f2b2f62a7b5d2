// After every ending the terminal is as it was. A program of ours runs in a shell on a pseudo-terminal,
// an emulated terminal reads what both write, and what is looked at is that terminal and the line.

import CTerminal
import Glibc
import Terminal
import TerminalEmulator
import Testing

@Suite(.serialized) struct HygieneTests {
  static let kinds = [
    "xterm-256color", "tmux-256color", "screen-256color", "linux", "vt100", "xterm-mono",
  ]

  @Test(arguments: kinds)
  func `a program that ends gives the terminal back`(_ kind: String) throws {
    let stage = try Stage(kind)
    stage.waitFor("[ready]")
    #expect(stage.emulator.modes.contains(2004))
    stage.type("m")
    stage.waitFor("[mouse]")
    stage.type("q")
    stage.waitFor("back 0")
    stage.expectAsBefore()
  }

  @Test(arguments: [(SIGTERM, "terminated"), (SIGINT, "interrupted"), (SIGHUP, "hungUp")])
  func `a signal ends the screen, and the program says so below it`(
    _ signal: Int32, _ word: String
  ) throws {
    let stage = try Stage()
    stage.waitFor("[ready]")
    kill(stage.process, signal)
    stage.waitFor("ended: \(word)")
    stage.waitFor("back 4")
    stage.expectAsBefore()
  }

  @Test(arguments: [("f", "Fatal error: a trap on purpose"), ("s", "SIGSEGV"), ("a", "SIGABRT")])
  func `a crash is reported on a terminal that is as before`(_ key: String, _ words: String) throws
  {
    let stage = try Stage()
    stage.waitFor("[ready]")
    stage.type("m")
    stage.waitFor("[mouse]")
    stage.type(key)
    stage.waitFor("larder crashed")
    stage.waitFor("back 1")
    #expect(stage.everSeen(words), "\(stage.emulator.lines)")
    stage.expectAsBefore()
  }

  @Test func `a kill leaves nothing behind either: the guard restores`() throws {
    let stage = try Stage()
    stage.waitFor("[ready]")
    stage.type("m")
    stage.waitFor("[mouse]")
    kill(stage.process, SIGKILL)
    // The shell may speak before the guard does, on the screen that goes.
    stage.waitFor("the terminal was restored")
    stage.readUntil("back 137")
    stage.expectAsBefore()
  }

  @Test func `a stop gives the terminal to the shell, and fg brings the screen back`() throws {
    let stage = try Stage()
    stage.waitFor("[ready]")
    stage.type("\u{1A}")
    stage.waitFor("back 148")
    stage.expectAsBefore()
    stage.type("\n")
    stage.waitFor("[resumed]")
    #expect(stage.emulator.modes.contains(2004))
    stage.type("q")
    stage.waitFor("again 0")
    stage.expectAsBefore()
  }

  @Test func `a stop from outside is the same`() throws {
    let stage = try Stage()
    stage.waitFor("[ready]")
    kill(stage.process, SIGTSTP)
    stage.waitFor("back 148")
    stage.expectAsBefore()
    stage.type("\n")
    stage.waitFor("[resumed]")
    stage.type("q")
    stage.waitFor("again 0")
    stage.expectAsBefore()
  }

  @Test func `a terminal that goes away ends the program`() throws {
    let stage = try Stage()
    stage.waitFor("[ready]")
    stage.hangUp()
    #expect(stage.allEnded(), "somebody lives on")
  }

  @Test func `what is said out of turn is said when the screen is gone`() throws {
    let stage = try Stage()
    stage.waitFor("[ready]")
    stage.type("e")
    stage.waitFor("[spoken]")
    #expect(!stage.everSeen("careless"))
    stage.type("q")
    stage.waitFor("back 0")
    #expect(stage.everSeen("careless words"))
    stage.expectAsBefore()
  }

  @Test func `a new size of the window is followed`() throws {
    let stage = try Stage()
    stage.waitFor("[ready]")
    for size in [(50, 132), (5, 20), (1, 1), (24, 80)] {
      stage.resize(GridSize(rows: size.0, columns: size.1))
      if size.0 > 1 { stage.waitFor("[now \(size.1)x\(size.0)]") }
    }
    stage.type("q")
    stage.waitFor("back 0")
    stage.expectAsBefore()
  }

  @Test(arguments: ["dumb", "nonsense", ""])
  func `where no screen can be drawn, that is said in plain text`(_ kind: String) throws {
    let stage = try Stage(kind)
    stage.waitFor("plain: ")
    stage.waitFor("back 3")
    stage.expectAsBefore()
  }
}

/// The program on its terminal, in a shell.
final class Stage {
  private var outside: Int32 = -1
  private let lifeline: Int32
  private let shell: pid_t
  private let before: [UInt8]
  private var written: [UInt8] = []
  private(set) var emulator: Emulator

  init(_ kind: String = "xterm-256color") throws {
    let size = GridSize(rows: 24, columns: 80)
    var inside: Int32 = -1
    try #require(unsafe cterminal_open_line(24, 80, &outside, &inside) == 1, "no pseudo-terminal")
    emulator = Emulator(size)
    var modes = [UInt8](repeating: 0, count: cterminal_modes_size())
    #expect(unsafe cterminal_save_modes(inside, &modes) == 1)
    before = modes
    var ends: [Int32] = [-1, -1]
    try #require(unsafe pipe(&ends) == 0)
    // Programs that other tests start would hold it as well.
    for end in ends { #expect(fcntl(end, F_SETFD, FD_CLOEXEC) == 0) }
    lifeline = ends[0]
    let script = """
      set -m; "$0"; echo "back $?"; read line; fg >/dev/null 2>&1; echo "again $?"; read line
      """
    shell = try Self.start(
      ["/bin/dash", "-c", script, Self.program],
      ["TERM=\(kind)", "LANG=C.UTF-8", "PATH=/usr/bin:/bin", "SWIFT_BACKTRACE=enable=no"],
      on: inside, lifeline: ends[1])
    close(ends[1])
    close(inside)
    #expect(fcntl(outside, F_SETFL, O_NONBLOCK) == 0)
  }

  deinit {
    hangUp()
    close(lifeline)
    kill(shell, SIGKILL)
    waitpid(shell, nil, 0)
  }

  /// The executable beside the tests.
  private static let program = {
    let words = CommandLine.arguments
    let bundle = words.first { $0.hasSuffix(".xctest") } ?? words[0]
    return bundle.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/TerminalStage"
  }()

  /// The process that owns the screen, by what the screen says.
  var process: pid_t {
    let number = emulator.lines[0].split(separator: " ").dropFirst().first.flatMap { Int32($0) }
    #expect(number != nil, "\(emulator.lines)")
    return number ?? getpid()
  }

  func type(_ text: String) {
    let bytes = Array(text.utf8)
    #expect(unsafe cterminal_write(outside, bytes, bytes.count) == bytes.count)
  }

  func resize(_ size: GridSize) {
    emulator.resize(to: size)
    #expect(
      cterminal_set_window_size(outside, Int32(size.rows), Int32(size.columns)) == 1)
  }

  /// Reads and answers until the screen shows the words.
  func waitFor(_ words: String, _ location: SourceLocation = #_sourceLocation) {
    while !emulator.lines.contains(where: { $0.contains(words) }) {
      guard readOnce() else {
        Issue.record(
          "'\(words)' did not come; there is \(emulator.lines.filter { !$0.isEmpty })",
          sourceLocation: location)
        return
      }
    }
  }

  /// Reads and answers until the words were written, wherever they are now.
  func readUntil(_ words: String, _ location: SourceLocation = #_sourceLocation) {
    while !everSeen(words) {
      guard readOnce() else {
        Issue.record("'\(words)' was not written", sourceLocation: location)
        return
      }
    }
  }

  func everSeen(_ words: String) -> Bool {
    String(decoding: written, as: UTF8.self).contains(words)
  }

  /// No mode is on, and the line is as it was.
  func expectAsBefore(_ location: SourceLocation = #_sourceLocation) {
    #expect(emulator.modesChanged == [], sourceLocation: location)
    #expect(!emulator.isKeypadOn, sourceLocation: location)
    #expect(emulator.look == EmulatedLook(), sourceLocation: location)
    #expect(emulator.unknown == [], sourceLocation: location)
    var modes = [UInt8](repeating: 0, count: cterminal_modes_size())
    #expect(unsafe cterminal_save_modes(outside, &modes) == 1, sourceLocation: location)
    #expect(modes == before, sourceLocation: location)
  }

  func hangUp() {
    if outside >= 0 { close(outside) }
    outside = -1
  }

  /// Whether all that held the lifeline have ended: the shell, the program, the guard.
  func allEnded() -> Bool {
    var asked = pollfd(fd: lifeline, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&asked, 1, 20_000) == 1
  }

  private func readOnce() -> Bool {
    let ready = cterminal_wait(outside, 0, -1, 20_000_000_000)
    var part = [UInt8](repeating: 0, count: 65_536)
    guard ready & Int32(CTERMINAL_READABLE) != 0 else { return false }
    let count = Int(unsafe cterminal_read(outside, &part, part.count))
    guard count > 0 else { return count == 0 }
    written += part[..<count]
    emulator.feed(part[..<count])
    let answers = emulator.takeAnswers()
    if !answers.isEmpty { type(String(decoding: answers, as: UTF8.self)) }
    return true
  }

  /// Starts a program in a session of its own that the terminal controls.
  private static func start(
    _ words: [String], _ variables: [String], on inside: Int32, lifeline: Int32
  ) throws -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for stream in Int32(0)...2 {
      unsafe posix_spawn_file_actions_adddup2(&actions, inside, stream)
    }
    unsafe posix_spawn_file_actions_adddup2(&actions, lifeline, 3)
    let all = ["/usr/bin/setsid", "--ctty", "/usr/bin/env", "-i"] + variables + words
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe all.map { unsafe strdup($0) }
    defer { for index in unsafe arguments.indices { unsafe free(arguments[index]) } }
    unsafe arguments.append(nil)
    var process: pid_t = 0
    let failed = unsafe posix_spawn(&process, all[0], &actions, nil, arguments, nil)
    try #require(failed == 0, "the shell was not started")
    return process
  }
}
