// `larder bench` from outside: what a program reads, and what is said when a rival is missing.

import Bytes
import ChildProcesses
import DurableFiles
import S3Servers
import ScratchFiles
import Testing

@Suite struct BenchCommandTests {
  private func bench(_ words: String...) throws -> EndedChild {
    try ChildProcess(
      builtProduct("larder"), (["bench"] + words).map { Array($0.utf8) },
      environment: ["PATH": "/usr/bin:/bin"]
    ).wait()
  }

  @Test func `the figures of digests are one JSON document, a missing peer named in it`() throws {
    let child = try bench(
      "digests", "--json", "--rounds", "1", "--threads", "2", "--python", "no-such-python")
    #expect(child.ending == .exited(0))
    let report = try JSONValue(parsing: child.output)
    let figures = try #require(report["figures"]?.array)
    #expect(figures.count == 14)
    for figure in figures {
      #expect((figure["median"]?.number ?? 0) > 0, "\(figure)")
    }
    let warning = "peer missing: official BLAKE3: no-such-python is not installed"
    #expect(report["warnings"]?.array?.contains(.string(warning)) == true)
    #expect(child.errorText.contains("larder: \(warning)\n"))
  }

  @Test func `what the gate costs is measured, in a directory that is gone after`() throws {
    let scratch = try Scratch()
    let child = try bench(
      "operations", "--json", "--items", "1000", "--rounds", "1", "--directory", scratch.path(""))
    #expect(child.ending == .exited(0), "\(child.errorText)")
    let figures = try #require(try JSONValue(parsing: child.output)["figures"]?.array)
    #expect(
      figures.compactMap { $0["name"]?.string } == [
        "inspect, over its handler", "act, 1 caller", "items of a job, 1 thread",
      ])
    #expect(try scratch.disk.list(.root).isEmpty)
  }

  /// The one row that nobody asked for, and so has no bar.
  private static let withoutBar = "first append of a stream, among ten times the events"

  @Test func `every row of the event store's table is measured, in a directory that is gone after`()
    throws
  {
    let scratch = try Scratch()
    let child = try bench(
      "event-store", "--json", "--events", "2000", "--rounds", "1", "--directory",
      scratch.path(""))
    #expect(child.ending == .exited(0), "\(child.errorText)")
    let report = try JSONValue(parsing: child.output)
    let figures = try #require(report["figures"]?.array)
    #expect(
      figures.compactMap { $0["name"]?.string } == [
        "durable append, 1 appender", "durable append, 64 appenders",
        "durable append, 64 appenders", "durable append, 64 appenders, signed",
        "durable batches of 256", "durable batches of 256", "buffered append, 1 thread",
        "open after a clean close", "the same, beside a tenth of the events", "open after a kill",
        "verify, every hash computed again", "page of 100, all, anywhere",
        "page of 100, entity, anywhere", "page of 100, prefix, anywhere",
        "page of 100, scope, anywhere", "page of 100, kind, anywhere",
        "page of 100, rare kind, anywhere", "random reads of one event",
        "bytes on disk, an event", "memory, ten times the events, open and paged",
        "memory, the same, opened after a kill", Self.withoutBar,
      ])
    for figure in figures {
      #expect((figure["median"]?.number ?? 0) > 0, "\(figure)")
      #expect((figure["bar"] == .null) == (figure["name"]?.string == Self.withoutBar), "\(figure)")
    }
    #expect(try scratch.disk.list(.root).isEmpty)
  }

  @Test func `the console is measured on a terminal of its own, and nothing is left of its depot`()
    throws
  {
    let scratch = try Scratch()
    let child = try bench(
      "console", "--json", "--files", "2000", "--rounds", "1", "--only", "rows", "--directory",
      scratch.path(""))
    #expect(child.ending == .exited(0), "\(child.errorText)")
    let figures = try #require(try JSONValue(parsing: child.output)["figures"]?.array)
    #expect(
      figures.compactMap { $0["name"]?.string } == [
        "memory over the engine", "first rows of 2000 files", "filter, slowest keystroke",
      ])
    for figure in figures.dropFirst() {
      #expect((figure["median"]?.number ?? 0) > 0 && figure["bar"] != .null, "\(figure)")
    }
    #expect(try scratch.disk.list(.root).isEmpty)
  }

  @Test func `a directory that is not there is one sentence`() throws {
    let child = try bench("event-store", "--directory", "/no/such/place", "--only", "size")
    #expect(child.ending == .exited(1))
    #expect(child.errorText.hasPrefix("larder: the bench has no directory to work in: "))
  }

  @Test(.enabled(if: areExpected(["/usr/sbin/nginx"]), "nginx is not installed"))
  func `the figures of storage are one JSON document, and nothing is left of their making`() throws
  {
    let scratch = try Scratch()
    let child = try bench(
      "storage", "--json", "--rounds", "1", "--size", "16M", "--objects", "20", "--directory",
      scratch.path(""), "--rclone", "no-such-rclone", "--python", "no-such-python")
    #expect(child.ending == .exited(0), "\(child.errorText)")
    let report = try JSONValue(parsing: child.output)
    let figures = try #require(report["figures"]?.array)
    #expect(figures.count == 8)
    for figure in figures { #expect((figure["median"]?.number ?? 0) > 0, "\(figure)") }
    #expect(
      report["warnings"]?.array?.contains(.string("peer missing: rclone: rclone is not installed"))
        == true)
    #expect(try scratch.disk.list(.root).isEmpty)
  }

  @Test func `a bench that does not exist is named`() throws {
    let child = try bench("digest")
    #expect(child.ending == .exited(2))
    #expect(child.errorText.contains("did you mean 'digests'?"))
  }
}
