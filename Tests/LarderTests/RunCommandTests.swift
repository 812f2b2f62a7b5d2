// `larder run` as a service manager would run it: a depot, a cold store in a directory, and this test as
// the depot's server.

import ChildProcesses
import Glibc
import ScratchFiles
import Testing

@testable import larder

@Suite struct RunCommandTests {
  private let engine: RunningEngine

  init() throws {
    engine = try RunningEngine(
      "max_cache_bytes: '64K', low_watermark_bytes: '16K', min_age: '0s',")
  }

  /// What a file in the depot has; nil when it is not there, or on its way out.
  private func text(_ name: String) throws -> String? { try engine.text("depot/\(name)") }

  /// Fetches a file and reads it, and again when it left in between: nothing is kept here for long.
  private func fetched(_ name: String) throws -> String? {
    try engine.eventually {
      let answer = try engine.ask("P4CACHE/1 FETCH \(name)")
      return answer == "OK 8192" ? try text(name) : nil
    }
  }

  @Test
  func `files that are written leave the depot, come back when asked for, and it ends in order`()
    throws
  {
    let child = try engine.start()
    #expect(try engine.ask("P4CACHE/1 PING") == "OK")
    for number in 0..<20 {
      try engine.write("file\(number)", String(repeating: "\(number % 10)", count: 8_192))
    }
    let gone = try engine.eventually {
      try (0..<20).filter { try text("file\($0)") == nil }.first
    }
    let cold = try #require(gone, "nothing was evicted")
    // What is looked at just then may be on its way out, and may be put back once more.
    let isCold: Bool? = try engine.eventually {
      try engine.ask("P4CACHE/1 STAT file\(cold)")?.hasSuffix("clean cold") == true ? true : nil
    }
    #expect(isCold == true)
    #expect(try fetched("file\(cold)") == String(repeating: "\(cold % 10)", count: 8_192))
    #expect(try engine.ask("P4CACHE/1 DELETE file\(cold)") == "OK")
    #expect(try engine.ask("P4CACHE/1 FETCH file\(cold)")?.hasPrefix("ERR not_found") == true)

    let second = try engine.start().wait()
    #expect(second.ending == .exited(5))
    #expect(second.errorText.contains("process \(child.id)"))

    child.signal(SIGTERM)
    let ended = try child.wait()
    #expect(ended.ending == .exited(0), "\(ended.errorText)")
  }

  @Test func `an engine that is killed loses nothing that was stored or written`() throws {
    let first = try engine.start()
    #expect(try engine.ask("P4CACHE/1 PING") == "OK")
    for number in 0..<20 {
      try engine.write("file\(number)", String(repeating: "\(number % 10)", count: 8_192))
    }
    _ = try engine.eventually { try (0..<20).filter { try text("file\($0)") == nil }.first }
    first.signal(SIGKILL)
    #expect(try first.wait().ending == .signalled(SIGKILL))

    let next = try engine.start()
    for number in 0..<20 {
      #expect(
        try fetched("file\(number)") == String(repeating: "\(number % 10)", count: 8_192))
    }
    next.signal(SIGTERM)
    #expect(try next.wait().ending == .exited(0))
  }

  @Test func `a depot that is not named from the root is refused`() throws {
    let path = try engine.scratch.makeFile(
      "wrong.json5",
      Array(
        "{ depot_path: 'depot', primary: { type: 'local', path: '\(engine.scratch.path("cold"))' } }"
          .utf8)
    )
    let ended = try ChildProcess(
      builtProduct("larder"), ["run", "--config", path].map { Array($0.utf8) }
    ).wait()
    #expect(ended.ending == .exited(2))
    #expect(ended.errorText.contains("depot_path"))
  }
}
