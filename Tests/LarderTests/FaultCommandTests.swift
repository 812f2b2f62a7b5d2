// Faults that the real binary must survive, by name: what is damaged while it is stopped, what hostile
// programs send it, and a depot whose every local trace is lost.

import Ambient
import Bytes
import ChildProcesses
import DurableFiles
import Glibc
import ScratchFiles
import Sockets
import Testing

@testable import larder

@Suite struct FaultCommandTests {
  private let ground: RunningEngine

  init() throws {
    ground = try RunningEngine("min_age: '0s',")
  }

  /// Starts an engine and waits until it answers.
  private func start() throws -> ChildProcess {
    let child = try ground.start()
    #expect(try ground.ask("P4CACHE/1 PING") == "OK")
    return child
  }

  private func end(_ child: consuming ChildProcess) throws {
    child.signal(SIGTERM)
    let ended = try child.wait()
    #expect(ended.ending == .exited(0), "\(ended.errorText)")
  }

  /// Leaves a depot with one cold file and one hot one, and no engine.
  private func makeDepot() throws {
    let child = try start()
    try ground.write("cold", "of the cold one")
    try ground.write("hot", "of the hot one")
    #expect(try ground.becomesTrue { try ground.standing("cold") == "clean hot" })
    #expect(try ground.becomesTrue { try ground.standing("hot") == "clean hot" })
    try end(child)
    let evicted = try ground.run(["evict", "cold"])
    #expect(evicted.ending == .exited(0), "\(evicted.errorText)")
    #expect(try ground.text("depot/cold") == nil)
  }

  /// Both files are read as they were written.
  private func checkFiles() throws {
    #expect(try ground.ask("P4CACHE/1 FETCH cold") == "OK 15")
    #expect(try ground.text("depot/cold") == "of the cold one")
    #expect(try ground.text("depot/hot") == "of the hot one")
    #expect(try ground.becomesTrue { try ground.standing("hot") == "clean hot" })
  }

  @Test(arguments: ["deleted", "damaged", "from yesterday"])
  func `a manifest that is gone or wrong is made again, and what is cold is served`(
    _ fault: String
  ) throws {
    try makeDepot()
    let path: FilePath = "depot/.p4cache/manifest.sqlite"
    let kept = try bytes(of: path)
    if fault == "from yesterday" {
      let child = try start()
      try ground.write("later", "of the later one")
      #expect(try ground.becomesTrue { try ground.standing("later") == "clean hot" })
      try end(child)
    }
    for name in try ground.scratch.disk.list("depot/.p4cache").map(\.name)
    where String(decoding: name, as: UTF8.self).hasPrefix("manifest.sqlite") {
      try ground.scratch.disk.remove(FilePath("depot/.p4cache").appending(name))
    }
    switch fault {
    case "damaged": try replace(path, [UInt8](repeating: 0x5a, count: kept.count))
    case "from yesterday": try replace(path, kept)
    default: break
    }
    let child = try start()
    try checkFiles()
    if fault == "from yesterday" { #expect(try ground.standing("later") == "clean hot") }
    try end(child)
  }

  @Test func `an event log whose tail is torn is cut at its last whole event, and all is served`()
    throws
  {
    try makeDepot()
    let killed = try start()
    killed.signal(SIGKILL)
    _ = try killed.wait()
    let segments: FilePath = "depot/.p4cache/events/segments"
    let newest = try ground.scratch.disk.list(segments).map(\.name)
      .filter { String(decoding: $0, as: UTF8.self).hasSuffix(".segment") }
      .max { $0.lexicographicallyPrecedes($1) }
    let path = segments.appending(try #require(newest))
    let used = try #require(try bytes(of: path).lastIndex { $0 != 0 }) + 1
    do {
      // A crash in the middle of a write leaves the beginning of something.
      let file = try OpenFile(path, .writing, on: ground.scratch.disk)
      try file.write([UInt8](repeating: 0xa5, count: 37), at: UInt64(used))
    }
    let child = try start()
    try checkFiles()
    try end(child)
  }

  @Test func `garbage on the socket harms nobody who asks properly`() throws {
    try makeDepot()
    let child = try start()
    var generator = SeededGenerator(seed: 5)
    let socket = Array("\(ground.state)/shim.sock".utf8)
    for _ in 0..<50 {
      let count = generator.below(20_000)
      let garbage = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      do throws(SocketsError) {
        let stream = try Stream.connect(unix: socket, .after(.seconds(30)))
        try stream.write(garbage, .after(.seconds(30)))
      } catch {
        // It is cut off as soon as it is known for what it is.
      }
    }
    try checkFiles()
    try end(child)
  }

  @Test func `a thousand idle connections keep nobody from being answered`() throws {
    try makeDepot()
    _ = ThisProcess.raiseOpenFiles()
    let child = try start()
    let socket = Array("\(ground.state)/shim.sock".utf8)
    let idle = try Idle(socket, count: 1_000)
    #expect(idle.count == 1_000)
    try checkFiles()
    idle.close()
    try end(child)
  }

  @Test func `an empty configuration in place of a good one changes nothing, and is told`() throws {
    try makeDepot()
    let child = try start()
    try ground.replace("larder.json5", "")
    child.signal(SIGHUP)
    try checkFiles()
    try ground.write("new", "of the new one")
    #expect(try ground.becomesTrue { try ground.standing("new") == "clean hot" })
    child.signal(SIGTERM)
    let ended = try child.wait()
    #expect(ended.ending == .exited(0))
    #expect(ended.errorText.contains("the document is empty"), "\(ended.errorText)")
  }

  @Test func `with everything local lost a recovery from the backend brings all files back`() throws
  {
    try makeDepot()
    try ground.scratch.disk.removeTree("depot")
    try ground.scratch.disk.makeDirectory("depot", mode: 0o700)
    let missing = try ground.run(["manifest", "rebuild", "--from-backend"], configured: false)
    #expect(missing.ending == .exited(2))
    let recovered = try ground.run(["manifest", "rebuild", "--from-backend"])
    #expect(recovered.ending == .exited(0), "\(recovered.errorText)")
    #expect(recovered.outputText.hasPrefix("2 files"))
    let child = try start()
    #expect(try ground.ask("P4CACHE/1 FETCH hot") == "OK 14")
    try checkFiles()
    let status = try #require(try ground.scratch.disk.status(at: "depot/hot"))
    #expect(status.mode == 0o644)
    try end(child)
  }

  @Test func `orphans are listed, and removed only when that is asked for`() throws {
    try makeDepot()
    let orphan = "cold/files/hot~0011223344556677"
    let left = try ground.scratch.makeFile("left", Array("left".utf8))
    let put = try ground.run(["backend", "put", left, "files/hot~0011223344556677"])
    #expect(put.ending == .exited(0), "\(put.errorText)")
    let listed = try ground.run(["backend", "orphans", "--grace", "0s"])
    #expect(listed.ending == .exited(0), "\(listed.errorText)")
    #expect(listed.outputText.contains("unaccounted  files/hot~0011223344556677"))
    #expect(try ground.text(orphan) == "left")
    let removed = try ground.run(["backend", "orphans", "--grace", "0s", "--delete", "--rows"])
    #expect(removed.ending == .exited(0), "\(removed.errorText)")
    #expect(try ground.text(orphan) == nil)
    let child = try start()
    try checkFiles()
    try end(child)
  }

  private func bytes(of path: FilePath) throws -> [UInt8] {
    try OpenFile(path, .reading, on: ground.scratch.disk).readAll(bytesMax: 1 << 24)
  }

  private func replace(_ path: FilePath, _ bytes: [UInt8]) throws {
    try OpenFile(path, .creating(mode: 0o600), on: ground.scratch.disk).write(bytes, at: 0)
  }
}

/// Connections on which nobody says anything.
private final class Idle {
  private var held: [Held] = []

  private final class Held {
    let stream: Stream
    init(_ stream: consuming Stream) { self.stream = stream }
  }

  init(_ socket: [UInt8], count: Int) throws(SocketsError) {
    for _ in 0..<count {
      held.append(Held(try Stream.connect(unix: socket, .after(.seconds(30)))))
    }
  }

  var count: Int { held.count }

  func close() { held = [] }
}
