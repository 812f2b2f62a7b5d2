// Jobs as operators steer them from scripts, through the real binary: a rehydration that was interrupted is
// paused, goes on and is cancelled by whoever comes next, and says each time how far it is.

import Ambient
import Bytes
import ChildProcesses
import DurableFiles
import Glibc
import ScratchFiles
import Testing

@testable import larder

@Suite struct JobsCommandTests {
  private static let count = 500

  private let ground: RunningEngine
  private let names = (0..<count).map { "many/\($0)" }

  /// A depot whose files were all evicted, and restored one by one.
  init() throws {
    ground = try RunningEngine("min_age: '0s', restore_threads: 1,")
    try ground.scratch.disk.makeDirectory("depot/many", mode: 0o755)
    for name in names { try ground.write(name, "bytes of \(name)") }
    try ground.storeAll(names)
    #expect(try ground.run("evict", "--all").ending == .exited(0))
  }

  /// The newest job, as the list shows it.
  private func newest() throws -> JSONValue? {
    let listed = try ground.run("jobs", "list", "--json", "--limit", "1")
    guard listed.ending == .exited(0), !listed.output.isEmpty else { return nil }
    return try ground.json(listed)
  }

  private func settled(_ job: JSONValue?) -> Int64 { job?["settled"]?.integer ?? -1 }

  /// Begins to bring everything back, and kills that once its progress shows; the job's name.
  private func interrupted() throws -> String {
    let child = try ground.start(["rehydrate", "--all"])
    let job = try ground.eventually {
      let job = try newest()
      return job?["operation"] == "cache.rehydrate" && settled(job) > 0 ? job : nil
    }
    child.signal(SIGKILL)
    #expect(try child.wait().ending == .signalled(SIGKILL))
    return try #require(job?["job"]?.string)
  }

  private func serves(_ engine: borrowing ChildProcess) throws {
    #expect(try ground.ask("P4CACHE/1 PING") == "OK")
  }

  private func files() throws -> Int {
    try names.count { try ground.text("depot/\($0)") != nil }
  }

  @Test
  func `a job that was killed is paused, stays so over an engine, and ends when it is resumed`()
    throws
  {
    let job = try interrupted()
    let paused = try ground.run("jobs", "pause", job)
    #expect(paused.ending == .exited(0), "\(paused.errorText)")
    #expect(paused.outputText.contains("\(job) is paused"))
    #expect(paused.outputText.contains("receipt event:"))
    let before = try newest()
    #expect(before?["phase"] == "paused")
    #expect(settled(before) < Self.count)

    let engine = try ground.start()
    try serves(engine)
    engine.signal(SIGTERM)
    #expect(try engine.wait().ending == .exited(0))
    #expect(try newest() == before)
    #expect(try files() >= settled(before) && files() < Self.count)
    #expect(try ground.run("jobs", "pause", job).ending == .exited(3))

    let resumed = try ground.run("jobs", "resume", job)
    #expect(resumed.ending == .exited(0), "\(resumed.errorText)")
    let last = try ground.start()
    #expect(try ground.becomesTrue { try newest()?["phase"] == "finished" })
    last.signal(SIGTERM)
    #expect(try last.wait().ending == .exited(0))
    #expect(try settled(newest()) == Self.count)
    for name in names { #expect(try ground.text("depot/\(name)") == "bytes of \(name)") }
  }

  @Test func `a job that is cancelled leaves what was not begun, and says how much`() throws {
    let job = try interrupted()
    let cancelled = try ground.run("jobs", "cancel", job, "--json")
    #expect(cancelled.ending == .exited(0), "\(cancelled.errorText)")
    #expect(try newest()?["phase"] == "cancelled")
    let counts = try newest()?["counts"]
    let untouched = counts?["untouched"]?.integer ?? 0
    let done = (counts?["done"]?.integer ?? 0) + (counts?["alreadyDone"]?.integer ?? 0)
    #expect(untouched > 0 && done > 0 && untouched + done == Self.count, "\(counts as Any)")
    // What came back just before the kill was not recorded any more.
    let left = try files()
    #expect(left >= done && left < Self.count)
    #expect(try ground.run("jobs", "resume", job).ending == .exited(3))
    #expect(try ground.run("jobs", "cancel", "job:nobody").ending == .exited(3))

    let engine = try ground.start()
    try serves(engine)
    engine.signal(SIGTERM)
    #expect(try engine.wait().ending == .exited(0))
    #expect(try files() == left)
  }
}
