// `larder demo` through the real binary: it adds up, and it leaves nothing behind however it ends.

import Ambient
import Bytes
import ChildProcesses
import DurableFiles
import Glibc
import ScratchFiles
import Testing

@testable import larder

@Suite struct DemoCommandTests {
  private let scratch: Scratch
  private let disk: PosixDisk

  init() throws {
    scratch = try Scratch()
    try scratch.disk.makeDirectory("place", mode: 0o700)
    disk = try PosixDisk(root: scratch.path("place"))
  }

  private func start(_ words: String...) throws -> ChildProcess {
    try ChildProcess(
      builtProduct("larder"), (["demo"] + words).map { Array($0.utf8) },
      environment: ["TMPDIR": scratch.path("place")])
  }

  private func run(_ words: String...) throws -> JSONValue {
    let arguments = ["demo", "--headless", "--json", "--seconds", "2", "--files", "40"] + words
    let ended = try ChildProcess(
      builtProduct("larder"), arguments.map { Array($0.utf8) },
      environment: ["TMPDIR": scratch.path("place")]
    ).wait(secondsMax: 300)
    #expect(ended.ending == .exited(0), "\(ended.outputText)\(ended.errorText)")
    #expect(try names().isEmpty)
    return try JSONValue(parsing: ended.output)
  }

  private func names() throws -> [DirectoryEntry] { try disk.list(.root) }

  private func eventually(_ isSo: () throws -> Bool) throws -> Bool {
    for _ in 0..<6_000 {
      if try isSo() { return true }
      _ = Pause.live.wait(.milliseconds(10), nil)
    }
    return false
  }

  private func number(_ value: JSONValue, _ keys: String...) -> Int64 {
    keys.reduce(Optional(value)) { $0?[$1] }?.integer ?? -1
  }

  @Test func `what was written is what is there, and all of it reads back`() throws {
    let report = try run("--seed", "7")
    #expect(report["addsUp"]?.bool == true && number(report, "seed") == 7)
    let standing = number(report, "book", "standing")
    #expect(standing >= 20 && number(report, "readBack", "files") == standing)
    #expect(
      number(report, "book", "named") == standing + number(report, "book", "deleted")
        + number(report, "book", "renamed"))
    #expect(
      standing == number(report, "manifest", "hot") + number(report, "manifest", "cold")
        + number(report, "manifest", "dirty") + number(report, "manifest", "failed"))
    #expect(number(report, "engine", "uploads") >= standing)
    #expect(number(report, "engine", "evictions") > 0)
  }

  @Test func `a file whose stored copy was damaged is refused and never served`() throws {
    let report = try run("--fault", "files.integrity", "--seed", "5")
    #expect(report["staged"]?.bool == true && number(report, "book", "damaged") > 0)
    // Whether the workload came to one of them within its seconds is the machine's; the reading at the
    // end comes to all that are still there.
    let refused = number(report, "book", "refusals", "integrity")
    #expect(max(refused, 0) + number(report, "readBack", "refusedAsDamaged") > 0)
    #expect(
      number(report, "readBack", "files") + number(report, "readBack", "refusedAsDamaged")
        == number(report, "book", "standing"))
  }

  @Test(arguments: [
    "backend.down", "depot.full", "events.latched", "manifest.rebuilding",
    "uploads.failed", "uploads.old", "watcher.overflowed",
  ])
  func `a fault that was staged and lifted has lost nothing`(_ fault: String) throws {
    let report = try run("--fault", fault)
    #expect(report["fault"]?.string == fault && report["staged"]?.bool == true)
    #expect(report["addsUp"]?.bool == true)
  }

  @Test(arguments: [SIGKILL, SIGTERM, SIGINT, SIGHUP])
  func `nothing stays behind when it is ended from outside`(_ signal: Int32) throws {
    let child = try start("--headless", "--seconds", "600")
    #expect(try eventually { try !names().isEmpty })
    child.signal(signal)
    let ended = try child.wait()
    #expect(ended.ending == (signal == SIGKILL ? .signalled(SIGKILL) : .exited(1)))
    #expect(try eventually { try names().isEmpty })
  }

  /// The console on a terminal of its own.
  private func terminal() throws -> ChildProcess {
    let line = "'\(builtProduct("larder"))' demo --files 40"
    return try ChildProcess(
      "/usr/bin/script", ["-qec", line, "/dev/null"].map { Array($0.utf8) },
      environment: [
        "TMPDIR": scratch.path("place"), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
        "PATH": "/usr/bin:/bin",
      ])
  }

  @Test func `the console is in front of it, and leaving it ends everything`() throws {
    let ended = try terminal().wait(giving: Array("q".utf8))
    #expect(ended.ending == .exited(0), "\(ended.outputText)")
    #expect(ended.outputText.contains("Overview"))
    #expect(try names().isEmpty)
  }

  @Test func `it ends when its terminal goes away`() throws {
    let child = try terminal()
    #expect(try eventually { try !names().isEmpty })
    child.signal(SIGKILL)
    #expect(try child.wait().ending == .signalled(SIGKILL))
    #expect(try eventually { try names().isEmpty })
  }

  @Test func `without a terminal it says how to go on`() throws {
    let ended = try start().wait()
    #expect(ended.ending == .exited(2))
    #expect(ended.errorText.contains("--headless"))
    #expect(try names().isEmpty)
  }

  @Test func `an unknown fault suggests the nearest`() throws {
    let ended = try start("--headless", "--fault", "backend.don").wait()
    #expect(ended.ending == .exited(2))
    #expect(ended.errorText.contains("backend.down"))
  }
}
