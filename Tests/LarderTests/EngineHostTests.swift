// What surrounds a running engine, shown by the real binary: a configuration that changes under it, a
// second store, its metrics, its limits, and what its service manager is told.

import Ambient
import ChildProcesses
import DurableFiles
import Glibc
import ScratchFiles
import Sockets
import Testing

@testable import larder

@Suite struct EngineHostTests {
  private static let large = "max_cache_bytes: '1G', min_age: '0s',"
  private static let small = "max_cache_bytes: '64K', low_watermark_bytes: '16K', min_age: '0s',"

  @Test func `a smaller cache in a changed configuration is evicted to without a restart`() throws {
    let ground = try RunningEngine(Self.large)
    let child = try ground.start()
    #expect(try ground.ask("P4CACHE/1 PING") == "OK")
    for number in 0..<20 {
      try ground.write("file\(number)", String(repeating: "\(number % 10)", count: 8_192))
    }
    #expect(
      try ground.becomesTrue {
        try (0..<20).allSatisfy { try ground.standing("file\($0)") == "clean hot" }
      })
    try ground.configure(Self.small, more: "upload_threads: 3,")
    child.signal(SIGHUP)
    let cold = try ground.eventually {
      try (0..<20).first { try ground.standing("file\($0)") == "clean cold" }
    }
    #expect(cold != nil, "nothing was evicted")
    child.signal(SIGTERM)
    let ended = try child.wait()
    #expect(ended.ending == .exited(0))
    #expect(ended.errorText.contains("a setting has changed setting=max_cache_bytes"))
    #expect(
      ended.errorText.contains("a setting takes effect after a restart setting=upload_threads"))
  }

  @Test(arguments: ["", "{ depot_path: 7 }", "{ max_cash_gb: 1 }"])
  func `a configuration that cannot be used changes nothing and is told with its place`(
    _ text: String
  ) throws {
    let ground = try RunningEngine(Self.large)
    let child = try ground.start()
    #expect(try ground.ask("P4CACHE/1 PING") == "OK")
    try ground.replace("larder.json5", text)
    child.signal(SIGHUP)
    try ground.write("after", "text")
    #expect(try ground.becomesTrue { try ground.standing("after") == "clean hot" })
    child.signal(SIGTERM)
    let ended = try child.wait()
    #expect(ended.ending == .exited(0))
    #expect(ended.errorText.contains("the last good one stays in force"))
    #expect(ended.errorText.contains("line 1"))
  }

  @Test func `what only the secondary has is read from there, and nothing is written to it`() throws
  {
    let ground = try RunningEngine(Self.small)
    let first = try ground.start()
    #expect(try ground.ask("P4CACHE/1 PING") == "OK")
    for number in 0..<20 {
      try ground.write("file\(number)", String(repeating: "\(number % 10)", count: 8_192))
    }
    let gone = try ground.eventually {
      try (0..<20).first { try ground.standing("file\($0)") == "clean cold" }
    }
    let number = try #require(gone, "nothing was evicted")
    first.signal(SIGTERM)
    #expect(try first.wait().ending == .exited(0))

    try ground.scratch.disk.makeDirectory("fresh", mode: 0o700)
    let before = try names(below: "cold", ground)
    try ground.configure(
      Self.small, cold: "fresh",
      more: "secondary: { type: 'local', path: '\(ground.scratch.path("cold"))' },")
    let second = try ground.start()
    #expect(try ground.ask("P4CACHE/1 FETCH file\(number)") == "OK 8192")
    try ground.write("later", "text")
    #expect(try ground.becomesTrue { try ground.standing("later") == "clean hot" })
    second.signal(SIGTERM)
    #expect(try second.wait().ending == .exited(0))
    #expect(try names(below: "cold", ground) == before)
    #expect(try names(below: "fresh", ground).contains { $0.contains("later") })
  }

  /// Every name below a directory.
  private func names(below directory: FilePath, _ ground: RunningEngine) throws -> Set<String> {
    var walk = TreeWalk(directory, on: ground.scratch.disk)
    var names: Set<String> = []
    while let step = try walk.next() {
      if case .entry(let path, .regular) = step { names.insert("\(path)") }
    }
    return names
  }

  @Test func `metrics are written whole for a collector, and again while it runs`() throws {
    let ground = try RunningEngine(Self.large)
    try ground.configure(
      Self.large,
      more: "metrics_file: '\(ground.scratch.path("larder.prom"))', metrics_interval_secs: 1,")
    let child = try ground.start()
    #expect(try ground.ask("P4CACHE/1 PING") == "OK")
    try ground.write("a", "text")
    let hasStored = try ground.becomesTrue {
      let text = try ground.text("larder.prom") ?? "\n"
      #expect(text.hasSuffix("\n"))
      return text.contains("\np4cache_uploads_total 1\n")
    }
    #expect(hasStored)
    child.signal(SIGTERM)
    #expect(try child.wait().ending == .exited(0))
  }

  @Test func `it may have as many files open as the machine allows`() throws {
    let ground = try RunningEngine(Self.large)
    let line = "ulimit -Sn 64; exec '\(builtProduct("larder"))' run --config '\(ground.config)'"
    let child = try ChildProcess("/bin/sh", ["-c", line].map { Array($0.utf8) })
    #expect(try ground.ask("P4CACHE/1 PING") == "OK")
    var file = try UserFile("/proc/\(child.id)/limits")
    let limits = String(decoding: try file.readAll(bytesMax: 1 << 16), as: UTF8.self)
    let row = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }
    let numbers = row?.split(separator: " ").filter { Int($0) != nil }
    #expect(numbers?.count == 2 && numbers?[0] == numbers?[1], "\(row ?? "-")")
    child.signal(SIGTERM)
    #expect(try child.wait().ending == .exited(0))
  }

  @Test func `its service manager is told when it serves, reloads and ends`() throws {
    let ground = try RunningEngine(Self.large)
    let manager = try DatagramReceiver(
      unix: Array(ground.scratch.path("notify").utf8), mode: 0o600)
    func told() throws -> [String] {
      var bytes = [UInt8](repeating: 0, count: 4_096)
      let count = try manager.receive(into: &bytes, .after(.seconds(60))).count
      return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(
        String.init)
    }
    let child = try ground.start(environment: ["NOTIFY_SOCKET": ground.scratch.path("notify")])
    let ready = try told()
    #expect(ready.contains("READY=1") && ready.contains("MAINPID=\(child.id)"))
    #expect(try ground.ask("P4CACHE/1 PING") == "OK")
    child.signal(SIGHUP)
    let reloading = try told()
    #expect(reloading.first == "RELOADING=1")
    #expect(reloading.contains { $0.hasPrefix("MONOTONIC_USEC=") })
    #expect(try told().contains("READY=1"))
    child.signal(SIGTERM)
    #expect(try told().contains("STOPPING=1"))
    #expect(try child.wait().ending == .exited(0))
  }

  @Test
  func `a log that the configuration names takes the lines, and its debugging ones when told`()
    throws
  {
    let ground = try RunningEngine()
    let log = "log_file: '\(ground.scratch.path("larder.log"))',"
    try ground.configure(log)
    let child = try ground.start()
    #expect(try ground.ask("P4CACHE/1 PING") == "OK")
    func waitsFor(_ words: String) throws -> Bool {
      try ground.becomesTrue { try ground.text("larder.log")?.contains(words) == true }
    }
    #expect(try waitsFor("notice engine: started"))
    #expect(try ground.text("larder.log")?.contains(" debug ") == false)
    try ground.configure(log, more: "verbose: true,")
    child.signal(SIGHUP)
    #expect(try waitsFor("setting=verbose before=false after=true"))
    try ground.write("a", "text")
    #expect(try waitsFor(" debug storage: upload done"))
    child.signal(SIGTERM)
    let ended = try child.wait()
    #expect(ended.ending == .exited(0))
    #expect(!ended.errorText.contains("notice"))
    #expect(try ground.text("larder.log")?.contains("stopped") == true)
  }
}
