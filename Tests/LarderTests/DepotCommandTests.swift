// `larder status`, `uploads list`, `drain` and `metrics` as somebody at a terminal meets them, beside an
// engine and without one.

import Ambient
import Bytes
import ChildProcesses
import DurableFiles
import Glibc
import ScratchFiles
import Testing

@testable import larder

@Suite struct DepotCommandTests {
  private let ground: RunningEngine

  init() throws {
    ground = try RunningEngine("max_cache_bytes: '1G', min_age: '0s',")
  }

  private func run(_ words: [String], _ flags: [String] = []) throws -> EndedChild {
    try ChildProcess(
      builtProduct("larder"),
      (words + ["--config", ground.config] + flags).map { Array($0.utf8) }
    ).wait()
  }

  private func json(_ ended: EndedChild) throws -> JSONValue {
    try JSONValue(parsing: ended.output)
  }

  /// Runs an engine until the files are stored, and ends it.
  private func keep(_ names: [String]) throws {
    let child = try ground.start()
    #expect(try ground.ask("P4CACHE/1 PING") == "OK")
    for name in names { try ground.write(name, "text of \(name)") }
    for name in names {
      #expect(try ground.becomesTrue { try ground.standing(name) == "clean hot" })
    }
    child.signal(SIGTERM)
    #expect(try child.wait().ending == .exited(0))
  }

  /// Lets a file stand in the way of every object, so that nothing can be stored.
  private func block() throws {
    try ground.scratch.disk.rename("cold", to: "away", replacing: false)
    try ground.scratch.disk.makeDirectory("cold", mode: 0o700)
    try OpenFile("cold/files", .creating(mode: 0o600), on: ground.scratch.disk)
      .write(Array("in the way".utf8), at: 0)
  }

  /// Every name below the depot with its size and times.
  private func picture() throws -> [String] {
    var walk = TreeWalk("depot", on: ground.scratch.disk)
    var names: [String] = []
    while let step = try walk.next() {
      guard case .entry(let path, _) = step, let status = try ground.scratch.disk.status(at: path)
      else { continue }
      names.append("\(path) \(status)")
    }
    return names.sorted()
  }

  @Test func `a depot that nobody has kept yet has no status, and one says what to do`() throws {
    let ended = try run(["status"])
    #expect(ended.ending == .exited(1))
    #expect(ended.errorText.contains("no engine has kept"))
    #expect(ended.errorText.contains("larder run"))
  }

  @Test func `the status says whether an engine runs, and how old what it says is`() throws {
    let child = try ground.start()
    #expect(try ground.ask("P4CACHE/1 PING") == "OK")
    try ground.write("a", "hello")
    #expect(try ground.becomesTrue { try ground.standing("a") == "clean hot" })
    let beside = try run(["status"])
    #expect(beside.ending == .exited(0), "\(beside.errorText)")
    #expect(beside.outputText.contains("an engine keeps it, process \(child.id)"))
    #expect(try json(run(["status"], ["--json"]))["engine"]?["process"]?.integer == Int64(child.id))
    child.signal(SIGTERM)
    #expect(try child.wait().ending == .exited(0))

    let before = try picture()
    let alone = try run(["status"])
    #expect(alone.outputText.contains("no engine runs; the last event is "))
    #expect(alone.outputText.contains("hot"))
    #expect(alone.outputText.split(separator: "\n").count <= 24)
    let value = try json(run(["status"], ["--json"]))
    #expect(value["engine"] == .null && value["lastEvent"]?.string != nil)
    #expect(value["snapshot"]?["mode"] == "evaluation")
    #expect(value["snapshot"]?["files"]?["hot"]?["files"] == 1)
    #expect(value["snapshot"]?["files"]?["hot"]?["bytes"] == 5)
    #expect(try picture() == before, "it only looks")
  }

  @Test func `the status after a kill is what was written down, and nothing is changed by it`()
    throws
  {
    let child = try ground.start()
    #expect(try ground.ask("P4CACHE/1 PING") == "OK")
    try ground.write("a", "hello")
    #expect(try ground.becomesTrue { try ground.standing("a") == "clean hot" })
    child.signal(SIGKILL)
    #expect(try child.wait().ending == .signalled(SIGKILL))
    let before = try picture()
    let value = try json(run(["status"], ["--json"]))
    #expect(value["engine"] == .null)
    #expect(value["snapshot"]?["files"]?["all"]?["files"] == 1)
    #expect(try picture() == before, "it only looks")
  }

  @Test func `a drain stores what was written while nobody looked, and ends well only then`() throws
  {
    try keep(["a"])
    for number in 0..<50 { try ground.write("new\(number)", "written in the dark \(number)") }
    let ended = try run(["drain"])
    #expect(ended.ending == .exited(0), "\(ended.errorText)")
    #expect(ended.outputText == "every file is stored\n")
    let files = try json(run(["status"], ["--json"]))["snapshot"]?["files"]
    #expect(files?["hot"]?["files"] == 51 && files?["atRisk"]?["files"] == 0)
    #expect(try run(["drain"]).ending == .exited(0))
  }

  @Test func `a drain that cannot store says how many files are left, and why`() throws {
    try keep(["a"])
    try block()
    try ground.write("b", "left")
    try ground.write("c", "left")
    let ended = try run(["drain"], ["--timeout", "2s"])
    #expect(ended.ending == .exited(1))
    #expect(ended.errorText.contains("2 files are not stored"))
    let value = try json(run(["drain"], ["--timeout", "1s", "--json"]))
    #expect(value["stored"] == false && value["left"]?["files"] == 2)
  }

  @Test func `a drain leaves a depot to the engine that has it`() throws {
    let child = try ground.start()
    #expect(try ground.ask("P4CACHE/1 PING") == "OK")
    let ended = try run(["drain"])
    #expect(ended.ending == .exited(5))
    #expect(ended.errorText.contains("process \(child.id)"))
    child.signal(SIGTERM)
    #expect(try child.wait().ending == .exited(0))
  }

  @Test func `a read-only engine stores nothing, so it drains nothing`() throws {
    try ground.configure("read_only: true,")
    let ended = try run(["drain"])
    #expect(ended.ending == .exited(3))
    #expect(ended.errorText.contains("read_only"))
  }

  @Test func `what is not stored is listed with why, as rows that are read back`() throws {
    try keep(["a"])
    #expect(try run(["uploads", "list"]).errorText.contains("every file is stored"))
    try block()
    try ground.write("b", "left")
    #expect(try run(["drain"], ["--timeout", "2s"]).ending == .exited(1))
    let listed = try run(["uploads", "list"])
    #expect(listed.ending == .exited(0) && listed.outputText.contains("  b  "))
    let rows = try run(["uploads", "list"], ["--json"]).outputText.split(separator: "\n")
    #expect(rows.count == 1)
    let row = try JSONValue(parsing: Array(try #require(rows.first).utf8))
    #expect(row["path"] == "b" && row["fault"]?.string?.isEmpty == false)
    #expect(try run(["uploads", "list"], ["--part", "queue"]).ending == .exited(2))
  }

  @Test func `the metrics are those of the engine, or of the disk without them`() throws {
    try keep(["a", "b"])
    let disk = try run(["metrics"])
    #expect(disk.ending == .exited(0), "\(disk.errorText)")
    #expect(disk.outputText.contains("p4cache_files{state=\"hot\"} 2\n"))
    #expect(disk.errorText.contains("metrics_file"))
    #expect(!disk.outputText.contains("in_flight"), "nobody knows without an engine")
    try check(disk.output)
    let file = "metrics_file: '\(ground.scratch.path("larder.prom"))',"
    try ground.configure(file)
    try keep(["c"])
    let engine = try run(["metrics"])
    #expect(engine.outputText.contains("p4cache_uploads_total 1\n"))
    #expect(engine.outputText.contains("p4cache_files{state=\"hot\"} 3\n"))
    #expect(engine.outputText.contains("p4cache_backend_up{backend=\"primary\"} 1\n"))
    #expect(engine.outputText == (try ground.text("larder.prom")))
    try check(engine.output)
  }

  /// Has Prometheus' own checker read metrics, where the machine has it; without it the lines are held
  /// against the format.
  private func check(_ metrics: [UInt8]) throws {
    let promtool = "/usr/bin/promtool"
    if isExecutable(promtool) {
      let checked = try ChildProcess(
        promtool, ["check", "metrics"].map { Array($0.utf8) }
      ).wait(giving: metrics)
      #expect(checked.ending == .exited(0), "\(checked.outputText)\(checked.errorText)")
      #expect(checked.errorText.isEmpty && checked.outputText.isEmpty)
    }
    var described: Set<Substring> = []
    for line in String(decoding: metrics, as: UTF8.self).split(separator: "\n") {
      if line.hasPrefix("# TYPE ") {
        #expect(described.insert(line.split(separator: " ")[2]).inserted, "\(line)")
      } else if !line.hasPrefix("# HELP ") {
        let name = line.prefix { $0 != "{" && $0 != " " }
        let family = ["_bucket", "_sum", "_count"].reduce(name) {
          $0.hasSuffix($1) && !described.contains($0) ? $0.dropLast($1.count) : $0
        }
        #expect(described.contains(family), "\(line)")
        #expect(line.split(separator: " ").last.flatMap { Double($0) } != nil, "\(line)")
      }
    }
    #expect(!described.isEmpty)
  }
}
