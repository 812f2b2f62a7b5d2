// `larder run` as a service manager would run it: a depot, a cold store in a directory, and this test as
// the depot's server.

import Ambient
import Bytes
import ChildProcesses
import DurableFiles
import Glibc
import ScratchFiles
import Sockets
import Testing

@testable import larder

@Suite struct RunCommandTests {
  private let scratch: Scratch
  private let config: String

  init() throws {
    scratch = try Scratch()
    for name in ["cold", "depot"] as [FilePath] {
      try scratch.disk.makeDirectory(name, mode: 0o700)
    }
    config = try scratch.makeFile(
      "larder.json5",
      Array(
        """
        {
          depot_path: '\(scratch.path("depot"))',
          max_cache_bytes: '64K', low_watermark_bytes: '16K', min_age: '0s',
          primary: { type: 'local', path: '\(scratch.path("cold"))' },
        }
        """.utf8))
  }

  private func start() throws -> ChildProcess {
    try ChildProcess(
      builtProduct("larder"), ["run", "--config", config].map { Array($0.utf8) })
  }

  /// Waits until something is so; nil when it never is.
  private func eventually<Result>(_ look: () throws -> Result?) throws -> Result? {
    for _ in 0..<3_000 {
      if let found = try look() { return found }
      _ = Pause.live.wait(.milliseconds(10), nil)
    }
    return nil
  }

  /// Asks at the socket, and again until the engine serves.
  private func ask(_ line: String) throws -> String? {
    let path = Array(scratch.path("depot/.p4cache/shim.sock").utf8)
    return try eventually {
      do throws(SocketsError) {
        let soon = Deadline.after(.seconds(30))
        let stream = try Stream.connect(unix: path, soon)
        try stream.write(Array((line + "\n").utf8), soon)
        var reader = StreamReader(lineBytesMax: 4_096)
        return try reader.line(from: stream, soon).map { String(decoding: $0, as: UTF8.self) }
      } catch {
        return nil
      }
    }
  }

  private func write(_ name: String, _ text: String) throws {
    let path = try FilePath("depot/\(name)")
    try OpenFile(path, .creating(mode: 0o644), on: scratch.disk).write(Array(text.utf8), at: 0)
  }

  /// What a file in the depot has; nil when it is not there, or on its way out.
  private func text(_ name: String) throws -> String? {
    let path = try FilePath("depot/\(name)")
    do throws(DiskError) {
      let file = try OpenFile(path, .reading, on: scratch.disk)
      return String(decoding: try file.readAll(bytesMax: 1 << 20), as: UTF8.self)
    } catch {
      switch error {
      case .absent, .locked: return nil
      default: throw error
      }
    }
  }

  /// Fetches a file and reads it, and again when it left in between: nothing is kept here for long.
  private func fetched(_ name: String) throws -> String? {
    try eventually {
      let answer = try ask("P4CACHE/1 FETCH \(name)")
      return answer == "OK 8192" ? try text(name) : nil
    }
  }

  @Test
  func `files that are written leave the depot, come back when asked for, and it ends in order`()
    throws
  {
    let child = try start()
    #expect(try ask("P4CACHE/1 PING") == "OK")
    for number in 0..<20 {
      try write("file\(number)", String(repeating: "\(number % 10)", count: 8_192))
    }
    let gone = try eventually {
      try (0..<20).filter { try text("file\($0)") == nil }.first
    }
    let cold = try #require(gone, "nothing was evicted")
    // What is looked at just then may be on its way out, and may be put back once more.
    let isCold: Bool? = try eventually {
      try ask("P4CACHE/1 STAT file\(cold)")?.hasSuffix("clean cold") == true ? true : nil
    }
    #expect(isCold == true)
    #expect(try fetched("file\(cold)") == String(repeating: "\(cold % 10)", count: 8_192))
    #expect(try ask("P4CACHE/1 DELETE file\(cold)") == "OK")
    #expect(try ask("P4CACHE/1 FETCH file\(cold)")?.hasPrefix("ERR not_found") == true)

    let second = try start().wait()
    #expect(second.ending == .exited(5))
    #expect(second.errorText.contains("process \(child.id)"))

    child.signal(SIGTERM)
    let ended = try child.wait()
    #expect(ended.ending == .exited(0), "\(ended.errorText)")
  }

  @Test func `an engine that is killed loses nothing that was stored or written`() throws {
    let first = try start()
    #expect(try ask("P4CACHE/1 PING") == "OK")
    for number in 0..<20 {
      try write("file\(number)", String(repeating: "\(number % 10)", count: 8_192))
    }
    _ = try eventually { try (0..<20).filter { try text("file\($0)") == nil }.first }
    first.signal(SIGKILL)
    #expect(try first.wait().ending == .signalled(SIGKILL))

    let next = try start()
    for number in 0..<20 {
      #expect(
        try fetched("file\(number)") == String(repeating: "\(number % 10)", count: 8_192))
    }
    next.signal(SIGTERM)
    #expect(try next.wait().ending == .exited(0))
  }

  @Test func `a depot that is not named from the root is refused`() throws {
    let path = try scratch.makeFile(
      "wrong.json5",
      Array(
        "{ depot_path: 'depot', primary: { type: 'local', path: '\(scratch.path("cold"))' } }".utf8)
    )
    let ended = try ChildProcess(
      builtProduct("larder"), ["run", "--config", path].map { Array($0.utf8) }
    ).wait()
    #expect(ended.ending == .exited(2))
    #expect(ended.errorText.contains("depot_path"))
  }
}
