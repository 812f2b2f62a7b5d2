// What operators do from scripts, through the real binary: plans that change nothing, files that go and come
// back, refusals with their exit codes, and jobs that outlive whoever was killed over them.

import Ambient
import Bytes
import ChildProcesses
import DurableFiles
import Glibc
import ScratchFiles
import Testing

@testable import larder

extension RunningEngine {
  /// Runs a command of `larder` on the depot to its end.
  func run(_ words: String...) throws -> EndedChild { try start(words).wait() }

  /// Has an engine run until the depot's files are stored, and ends it in order.
  func storeAll(_ names: [String], killing signal: Int32 = SIGTERM) throws {
    let child = try start()
    for name in names {
      #expect(try becomesTrue { try standing(name)?.hasPrefix("clean") == true })
    }
    child.signal(signal)
    _ = try child.wait()
  }

  /// Every file and directory below a directory of the scratch, with its bytes and all that is said of
  /// it, but for when it was read.
  func everything(below path: FilePath) throws -> [String] {
    var found: [String] = []
    for entry in try scratch.disk.list(path) {
      let inside = path.appending(entry.name)
      guard let status = try scratch.disk.status(at: inside) else { continue }
      found.append("\(inside) \(status)")
      if status.kind == .directory {
        found += try everything(below: inside)
      } else if status.kind == .regular {
        let file = try OpenFile(inside, .reading, on: scratch.disk)
        found.append(hexadecimal(try file.readAll(bytesMax: 1 << 26)))
      }
    }
    return found
  }

  func json(_ child: EndedChild) throws -> JSONValue {
    try JSONValue(parsing: child.output)
  }
}

@Suite struct ActingCommandTests {
  private let ground: RunningEngine
  private let names = ["art/a", "art/b", "other"]

  init() throws {
    ground = try RunningEngine("min_age: '0s', shutdown_grace: '5s',")
    try ground.scratch.disk.makeDirectory("depot/art", mode: 0o755)
    for name in names { try ground.write(name, "bytes of \(name)") }
  }

  @Test func `files are planned, evicted, told of, and brought back`() throws {
    try ground.storeAll(names)
    let planned = try ground.run("evict", "--directory", "art/", "--dry-run")
    #expect(planned.ending == .exited(0), "\(planned.errorText)")
    #expect(planned.outputText.contains("would evict 2 files"))
    #expect(planned.outputText.contains("art/a"))
    #expect(try ground.text("depot/art/a") != nil)

    let evicted = try ground.run("evict", "--directory", "art")
    #expect(evicted.ending == .exited(0), "\(evicted.errorText)")
    #expect(evicted.outputText.contains("evict: 2 of 2 files"))
    #expect(evicted.outputText.contains("receipt event:"))
    #expect(try ground.text("depot/art/a") == nil)
    #expect(try ground.text("depot/other") == "bytes of other")

    let back = try ground.run("rehydrate", "--all", "--json")
    #expect(back.ending == .exited(0), "\(back.errorText)")
    #expect(try ground.json(back)["counts"]?["done"] == 2)
    #expect(try ground.text("depot/art/a") == "bytes of art/a")
    #expect(try ground.text("depot/art/b") == "bytes of art/b")

    let receipt = try ground.scratch.makeFile(
      "receipt", Array((try ground.json(back)["receipt"] ?? .null).text().utf8))
    let verified = try ChildProcess(
      builtProduct("larder"), ["receipt", "verify", receipt].map { Array($0.utf8) }
    ).wait()
    #expect(verified.ending == .exited(0), "\(verified.errorText)")
  }

  @Test(arguments: [SIGTERM, SIGKILL])
  func `looking and planning write nothing at all, however the last engine ended`(
    _ signal: Int32
  ) throws {
    try ground.storeAll(names, killing: signal)
    let before = try ground.everything(below: "depot") + ground.everything(below: "cold")
    for words in [
      ["evict", "--all", "--dry-run"], ["rehydrate", "--all", "--dry-run", "--json"],
      ["pin", "art/a", "--dry-run"], ["verify", "--all", "--dry-run"],
      ["uploads", "retry", "--dry-run"], ["jobs", "list"],
    ] {
      let ended = try ground.start(words).wait()
      #expect(ended.ending == .exited(0), "\(words) \(ended.errorText)")
    }
    let after = try ground.everything(below: "depot") + ground.everything(below: "cold")
    #expect(after == before)
  }

  @Test func `what lacks the capability ends with 3, names it, is recorded, and touches nothing`()
    throws
  {
    try ground.storeAll(names)
    try ground.configure("min_age: '0s', operators: { 'uid:\(ThisProcess.user)': [] },")
    // Names, bytes, times and all else that is said of files, the engine's own corner apart.
    func everything() throws -> [String] {
      let depot = try ground.everything(below: "depot")
      return try ground.everything(below: "cold")
        + depot.filter { !$0.hasPrefix("depot/.p4cache") }.filter { $0.hasPrefix("depot/") }
        + names.map { try ground.text("depot/\($0)") ?? "" }
    }
    let before = try everything()
    let denied: [(words: [String], operation: String, capability: String)] = [
      (["evict", "--all"], "cache.evict", "cache.write"),
      (["rehydrate", "--all"], "cache.rehydrate", "cache.write"),
      (["pin", "other"], "cache.pin", "cache.write"),
      (["unpin", "other"], "cache.unpin", "cache.write"),
      (["verify", "--all"], "cache.verify", "cache.write"),
      (["shred", "other", "--yes"], "data.shred", "data.shred"),
      (["uploads", "retry"], "upload.retry", "upload.control"),
      (["uploads", "acknowledge"], "failure.acknowledge", "upload.control"),
      (["uploads", "pause"], "upload.pause", "upload.control"),
      (["uploads", "resume"], "upload.resume", "upload.control"),
      (["jobs", "pause", "job:1"], "job.pause", "system.control"),
      (["jobs", "resume", "job:1"], "job.resume", "system.control"),
      (["jobs", "cancel", "job:1"], "job.cancel", "system.control"),
    ]
    for (words, _, capability) in denied {
      let ended = try ground.start(words).wait()
      #expect(ended.ending == .exited(3), "\(words) \(ended.errorText)")
      #expect(ended.errorText.contains(capability), "\(words) \(ended.errorText)")
    }
    #expect(try everything() == before)
    let listed = try ChildProcess(
      builtProduct("larder"),
      ["events", "list", "\(ground.state)/events", "--kind", "d.001", "--json"].map {
        Array($0.utf8)
      }
    ).wait()
    #expect(listed.ending == .exited(0), "\(listed.errorText)")
    let receipts = listed.outputText.split(separator: "\n")
    for (_, operation, _) in denied {
      #expect(receipts.contains { $0.contains("operation:\(operation)\"") }, "\(operation)")
    }
    #expect(receipts.count == denied.count)
  }

  @Test func `what is refused or wrong says so by its exit code`() throws {
    try ground.storeAll(names)
    #expect(try ground.run("evict").ending == .exited(2))
    #expect(try ground.run("evict", "--all", "other").ending == .exited(2))
    #expect(try ground.run("evict", "--filter", "size>").ending == .exited(2))
    #expect(try ground.run("pin", "other").ending == .exited(0))
    let refused = try ground.run("evict", "other")
    #expect(refused.ending == .exited(3))
    #expect(refused.outputText.contains("it is pinned"))
    #expect(try ground.run("unpin", "other").ending == .exited(0))
    #expect(try ground.run("evict", "--glob", "nothing/**").ending == .exited(0))
  }

  @Test func `where an engine runs the depot is its own, and plans can still be made`() throws {
    let child = try ground.start()
    #expect(try ground.becomesTrue { try ground.standing("other")?.hasPrefix("clean") == true })
    let held = try ground.run("evict", "--all")
    #expect(held.ending == .exited(5), "\(held.errorText)")
    #expect(held.errorText.contains("process \(child.id)"))
    #expect(try ground.run("evict", "--all", "--dry-run").ending == .exited(0))
    child.signal(SIGTERM)
    #expect(try child.wait().ending == .exited(0))
  }

  @Test func `paused uploads stay paused until they are resumed`() throws {
    try ground.storeAll(names)
    #expect(try ground.run("uploads", "pause", "--reason", "a move").ending == .exited(0))
    let paused = try ground.start()
    try ground.write("late", "new")
    #expect(try ground.becomesTrue { try ground.standing("late") == "dirty hot" })
    paused.signal(SIGTERM)
    _ = try paused.wait()
    #expect(try ground.run("uploads", "resume").ending == .exited(0))
    #expect(try ground.run("uploads", "resume").ending == .exited(3))
    try ground.storeAll(["late"])
  }

  @Test func `damage is found by reading, and ends with 4`() throws {
    try ground.storeAll(names)
    #expect(try ground.run("verify", "--all", "--stored", "read").ending == .exited(0))
    #expect(try ground.run("evict", "--all").ending == .exited(0))
    var objects: [FilePath] = []
    func find(_ path: FilePath) throws {
      for entry in try ground.scratch.disk.list(path) {
        let inside = path.appending(entry.name)
        if entry.kind == .directory { try find(inside) } else { objects.append(inside) }
      }
    }
    try find("cold")
    let object = try #require(objects.first { "\($0)".contains("art/a") })
    let file = try OpenFile(object, .writing, on: ground.scratch.disk)
    try file.write(Array("BYTES".utf8), at: 0)
    let damaged = try ground.run("verify", "--all", "--stored", "read")
    #expect(damaged.ending == .exited(4), "\(damaged.errorText)")
    #expect(damaged.outputText.contains("art/a: failed, damaged"))
  }

  @Test func `a rehydration that is killed again and again finishes, and never goes back`() throws {
    let many = (0..<400).map { "many/\($0)" }
    try ground.scratch.disk.makeDirectory("depot/many", mode: 0o755)
    for name in many { try ground.write(name, "bytes of \(name)") }
    try ground.storeAll([many[0], many[399], many[200]] + many)
    #expect(try ground.run("evict", "--directory", "many").ending == .exited(0))

    var settled: Int64 = 0
    var kills = 0
    // What is killed before its job was begun has begun nothing, and is given again.
    for round in 0..<40 where kills < 5 {
      let child = try ground.start(
        kills == 0 ? ["rehydrate", "--directory", "many"] : ["run"])
      _ = Pause.live.wait(.milliseconds(80 + 20 * Int64(round)), nil)
      child.signal(SIGKILL)
      guard try child.wait().ending == .signalled(SIGKILL) else { break }
      let listed = try ground.run("jobs", "list", "--json", "--limit", "1")
      guard listed.ending == .exited(0), !listed.output.isEmpty else { continue }
      let job = try ground.json(listed)
      guard job["operation"] == "cache.rehydrate" else { continue }
      kills += 1
      let now = job["settled"]?.integer ?? 0
      #expect(now >= settled && now <= 400)
      settled = now
    }
    #expect(kills > 0)
    let last = try ground.start()
    let isBack = try ground.becomesTrue {
      try many.allSatisfy { try ground.text("depot/\($0)") != nil }
    }
    #expect(isBack)
    last.signal(SIGTERM)
    #expect(try last.wait().ending == .exited(0))
    guard isBack else { return }
    for name in many { #expect(try ground.text("depot/\(name)") == "bytes of \(name)") }
  }
}
