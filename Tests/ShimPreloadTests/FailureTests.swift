// Whatever becomes of the engine, the program below the depot goes on: it gets the file system's own
// answer, in bounded time, and no byte of a cold file is lost by it.

import Ambient
import CacheEngine
import ChildProcesses
import DurableFiles
import Glibc
import ScratchFiles
import Sockets
import Synchronization
import Testing

@Suite struct FailureTests {
  private let engine: ScriptedEngine

  init() throws {
    engine = try ScriptedEngine()
  }

  /// What the file system says without any engine, where there is nothing but `hot`.
  private func expectOriginalAnswers() throws {
    let child = try engine.shell(
      """
      cat "$1/cold"; test -e "$1/cold" || echo none; mv "$1/cold" "$1/moved"
      stat "$1/cold" || echo "no stat"; cat "$1/hot"
      """)
    #expect(child.outputText == "none\nno stat\nwarm\n")
    let reasons = child.errorText.split(separator: "\n")
    #expect(reasons.count == 3 && reasons.allSatisfy { $0.hasSuffix("No such file or directory") })
  }

  /// Answers every connection, one after another, with what `answer` makes of its first line.
  private func parrot(
    _ answer: @escaping @Sendable (borrowing Stream, _ line: String) throws -> Void
  ) throws -> StreamServer {
    let stop = try StopSwitch()
    let listener = try StreamListener(unix: engine.socket, mode: 0o600, stop: stop)
    return StreamServer("parrot", listener, stop: stop, connectionsMax: 8) { stream in
      do {
        var reader = StreamReader(lineBytesMax: 5_000)
        while let line = try reader.line(from: stream, .never) {
          try answer(stream, String(decoding: line, as: UTF8.self))
        }
      } catch {
        // Whoever left, or was told to stop, is done with.
      }
    }
  }

  @Test func `without an engine every call has the file system's answer`() throws {
    try engine.addHot("hot", "warm\n")
    try engine.addCold("cold", "cold\n")
    try expectOriginalAnswers()
    let child = try engine.shell("echo new > \"$1/new\"; cat \"$1/new\"; mkdir \"$1/d\"")
    #expect(child.outputText == "new\n")
    #expect(child.ending == .exited(0))
  }

  @Test func `with the socket of a killed engine every call has the file system's answer`() throws {
    try engine.addHot("hot", "warm\n")
    try engine.addCold("cold", "cold\n")
    do {
      let listener = try StreamListener(unix: engine.path(".p4cache/killed"), mode: 0o600)
      // A second name survives its listener, as the only one does a kill.
      #expect(unsafe link(engine.path(".p4cache/killed"), engine.socket) == 0)
      _ = listener.name
    }
    try expectOriginalAnswers()
  }

  @Test func `an engine that never answers keeps nobody for ever`() throws {
    try engine.addHot("hot", "warm\n")
    try engine.addCold("cold", "cold\n")
    let listener = try StreamListener(unix: engine.socket, mode: 0o600)
    try expectOriginalAnswers()
    _ = listener.name
  }

  @Test(arguments: [
    "", "\n", "NO\n", "OKAY 5\n", "OK\n", "OK \n", "OK x\n", "OK 5 \n", "OK 5 extra\n",
    "OK 5\nOK 5\n",
    "OK 5", "OK 99999999999999999999999\n", "ERR\n", "ERR not_found\n", "ERR busybody x\n",
    "OK\u{0}5\n",
    "OK 5 100644 1.5 clean cold\n", "OK 5 100644 1.500000000 clean warm\n",
    "OK 5 100648 1.500000000 clean cold\n", "OK 5 20644 1.500000000 clean cold\n",
    "OK 5 100644 1.500000000 clean cold\nOK\n", "OK 5 100644 1.500000000 clean cold\u{0}\n",
    "OK 5 100644 1.500000000  cold\n", "OK -5 100644 1.500000000 clean cold\n",
    String(repeating: "O", count: 600), "ERR internal " + String(repeating: "x", count: 600) + "\n",
  ])
  func `garbage is no answer`(_ garbage: String) throws {
    try engine.addHot("hot", "warm\n")
    try engine.addCold("cold", "cold\n")
    let parrot = try parrot { stream, _ in
      try stream.write(Array(garbage.utf8), .after(.seconds(30)))
      throw SocketsError.gone("the parrot")
    }
    try expectOriginalAnswers()
    #expect(parrot.connections.ever > 0)
    parrot.stopServing()
  }

  @Test(arguments: ["integrity", "backend", "disk_full", "denied", "shredded", "internal"])
  func `a refusal is the file system's answer, and nothing is made in a cold file's place`(
    _ code: String
  ) throws {
    try engine.addHot("hot", "warm\n")
    try engine.addCold("cold", "cold\n")
    let parrot = try parrot { stream, _ in
      try stream.write(Array("ERR \(code) because\n".utf8), .after(.seconds(30)))
    }
    try expectOriginalAnswers()
    let child = try engine.shell("echo more >> \"$1/cold\"")
    #expect(child.errorText.contains("I/O error") || child.errorText.contains("Input/output error"))
    #expect(try engine.hot("cold") == nil)
    parrot.stopServing()
  }

  @Test func `without the engine's word nothing is added to what may be cold`() throws {
    try engine.addHot("hot", "warm\n")
    try engine.addCold("cold", "cold\n")
    #expect(try engine.probe("open", "0x441", engine.path("cold")).outputText == "open EIO\n")
    #expect(try engine.hot("cold") == nil)
    #expect(try engine.probe("open", "0x441", engine.path("hot")).outputText == "open ok\n")
    // Outside of the depot nobody is asked.
    let outside = engine.scratch.path("outside")
    #expect(try engine.probe("open", "0x441", outside).outputText == "open ok\n")
  }

  @Test func `an engine that is busy is asked again`() throws {
    try engine.addCold("cold", "cold\n")
    let asked = Mutex(0)
    let parrot = try parrot { stream, line in
      let round = asked.withLock { asked in
        asked += 1
        return asked
      }
      if round < 4 {
        try stream.write(Array("ERR busy later\n".utf8), .after(.seconds(30)))
        // Once the connection itself is one too many.
        if round == 2 { throw SocketsError.gone("the parrot") }
      } else {
        try engine.addHot("cold2", "")
        try engine.scratch.disk.rename("cold/cold", to: "depot/cold", replacing: false)
        try stream.write(Array("OK 5\n".utf8), .after(.seconds(30)))
      }
    }
    #expect(try engine.shell("cat \"$1/cold\"").outputText == "cold\n")
    #expect(asked.withLock { $0 } == 4)
    parrot.stopServing()
  }

  @Test func `an engine that answers once a connection is asked on a new one`() throws {
    for number in 0..<5 { try engine.addCold("\(number)", "\(number)\n") }
    let parrot = try parrot { stream, line in
      let name = line.split(separator: " ").last.map(String.init) ?? ""
      try engine.scratch.disk.rename(
        FilePath("cold/\(name)"), to: FilePath("depot/\(name)"), replacing: false)
      try stream.write(Array("OK 2\n".utf8), .after(.seconds(30)))
      throw SocketsError.gone("the parrot")
    }
    let child = try engine.shell("cd \"$1\" && cat 0 1 2 3 4")
    #expect(child.outputText == "0\n1\n2\n3\n4\n")
    #expect(parrot.connections.ever == 5)
    parrot.stopServing()
  }

  @Test func `a file that is long in coming is waited for while the engine lives`() throws {
    try engine.addCold("cold", "cold\n")
    let pinged = Monitor(0)
    let parrot = try parrot { stream, line in
      if line == "P4CACHE/1 PING" {
        pinged.change { $0 += 1 }
      } else {
        // It comes only once the engine has been asked whether it lives.
        _ = pinged.wait(timeout: .seconds(60)) { $0 > 0 ? true : nil }
        try engine.scratch.disk.rename("cold/cold", to: "depot/cold", replacing: false)
      }
      try stream.write(
        Array((line.hasSuffix("PING") ? "OK\n" : "OK 5\n").utf8), .after(.seconds(30)))
    }
    #expect(try engine.shell("cat \"$1/cold\"").outputText == "cold\n")
    #expect(pinged.withLock { $0 } == 1)
    parrot.stopServing()
  }

  @Test func `deletes that nobody could be told of are told when the engine starts`() throws {
    for name in ["hot", "with space", "back\\slash", "ümlaut", "d/below"] {
      try engine.addHot(name, "warm")
    }
    try engine.addCold("cold", "cold")
    let before = WallClock.live.now()
    let child = try engine.shell(
      """
      cd "$1" && rm hot "with space" 'back\\slash' ümlaut d/below && echo removed
      rm cold
      """)
    #expect(child.outputText == "removed\n")
    #expect(child.ending == .exited(1))
    let after = WallClock.live.now()
    let depot = DepotRoot(spellings: [Array(engine.scratch.path("depot").utf8)])
    let deletes = FailedDeletes(in: "depot/.p4cache", on: engine.scratch.disk, depot: depot)
    var told: [FailedDelete] = []
    let drained = try deletes.drain { failed throws(ShimRefusal) in told.append(failed) }
    #expect(drained == DrainedDeletes(taken: 6))
    #expect(
      try told.map(\.path)
        == ["hot", "with space", "back\\slash", "ümlaut", "d/below", "cold"].map {
          try FilePath($0)
        })
    #expect(told.allSatisfy { (before...after).contains($0.deletedAt) })
    #expect(told.map(\.deletedAt) == told.map(\.deletedAt).sorted())
  }

  @Test func `a delete that is denied is not left for later`() throws {
    try engine.addHot("hot", "warm")
    let parrot = try parrot { stream, line in
      #expect(line == "P4CACHE/1 DELETE hot")
      try stream.write(Array("ERR denied not you\n".utf8), .after(.seconds(30)))
    }
    #expect(try engine.shell("rm \"$1/hot\"").ending == .exited(0))
    #expect(try engine.scratch.disk.status(at: "depot/.p4cache/shim-failed-deletes.log") == nil)
    parrot.stopServing()
  }

  @Test func `the longest path of the strangest bytes is left as one line`() throws {
    // Names of 255 bytes, each of which is escaped, below directories of such names.
    let name = String(repeating: " ", count: 255)
    let path = Array(repeating: name, count: 15).joined(separator: "/")
    try engine.addHot(path, "warm")
    let child = try engine.run("/bin/rm", [engine.path(path)])
    #expect(child.ending == .exited(0), "\(child.errorText.suffix(80))")
    let depot = DepotRoot(spellings: [])
    var told: [FilePath] = []
    _ = try FailedDeletes(in: "depot/.p4cache", on: engine.scratch.disk, depot: depot)
      .drain { failed throws(ShimRefusal) in told.append(failed.path) }
    #expect(told == [try FilePath(path)])
  }

  @Test func `a line is left in the log that has its name, though the engine just took it`() throws
  {
    for number in 0..<400 { try engine.addHot("r/\(number)", "") }
    let depot = DepotRoot(spellings: [])
    let deletes = FailedDeletes(in: "depot/.p4cache", on: engine.scratch.disk, depot: depot)
    let told = Mutex<Set<FilePath>>([])
    let removing = Monitor(true)
    let drainer = Worker("drainer") {
      #expect(throws: Never.self) {
        while removing.withLock({ $0 }) {
          _ = try deletes.drain { failed throws(ShimRefusal) in
            told.withLock { _ = $0.insert(failed.path) }
          }
        }
      }
    }
    let child = try engine.shell("cd \"$1/r\" && rm *")
    removing.change { $0 = false }
    drainer.join()
    #expect(child.ending == .exited(0))
    _ = try deletes.drain { failed throws(ShimRefusal) in
      told.withLock { _ = $0.insert(failed.path) }
    }
    #expect(told.withLock { $0.count } == 400, "\(child.errorText)")
  }

  @Test func `what can be no file of the depot is not even asked for`() throws {
    let asked = Mutex<[String]>([])
    let parrot = try parrot { stream, line in
      asked.withLock { $0.append(line) }
      try stream.write(Array("ERR not_found nothing\n".utf8), .after(.seconds(30)))
    }
    let child = try engine.shell(
      """
      mkdir "$1-other"
      cat "$1/.p4cache/none" "$1-other/none" "$1/none/" "$1/gone/../x" "$1/gone/./x" /none 2>/dev/null
      cat "$1/with
      newline" 2>/dev/null
      test -e "$1/.p4cache/none"; rm -f "$1/.p4cache/none"
      cat "$1/.p4cachet" 2>/dev/null
      """)
    #expect(child.outputText == "")
    #expect(asked.withLock { $0 } == ["P4CACHE/1 FETCH .p4cachet"])
    parrot.stopServing()
  }

  @Test func `without its environment the library does nothing`() throws {
    try engine.start()
    try engine.addCold("cold", "cold\n")
    for depot in ["", "depot", engine.scratch.path("none"), "/"] {
      let child = try engine.run("/bin/cat", [engine.path("cold")], depot: depot)
      #expect(child.ending == .exited(1))
    }
    #expect(engine.takeAsked() == [])
  }
}
