// A depot, a cold store in a directory and a configuration for both, for tests that start the real
// binary on them, and act as the depot's server.

import Ambient
import ChildProcesses
import DurableFiles
import ScratchFiles
import Sockets

@testable import larder

/// The ground of one test.
struct RunningEngine {
  let scratch: Scratch
  /// Settings besides the places, as lines of the configuration.
  private let settings: String

  init(_ settings: String = "") throws {
    scratch = try Scratch()
    self.settings = settings
    for name in ["cold", "depot"] as [FilePath] {
      try scratch.disk.makeDirectory(name, mode: 0o700)
    }
    try configure(settings)
  }

  var config: String { scratch.path("larder.json5") }
  var state: String { scratch.path("depot/.p4cache") }

  /// Writes the configuration anew, with these settings besides the places.
  func configure(_ settings: String, cold: String = "cold", more: String = "") throws {
    try replace(
      "larder.json5",
      """
      {
        depot_path: '\(scratch.path("depot"))',
        primary: { type: 'local', path: '\(scratch.path(cold))' },
        \(settings)
        \(more)
      }
      """)
  }

  /// Puts a file in the place of another, as a person's tools do it.
  func replace(_ name: String, _ text: String) throws {
    try AtomicReplace.write(
      Array(text.utf8), to: FilePath(name), mode: 0o600, replacing: true, on: scratch.disk,
      entropy: .live)
  }

  func start(
    _ words: [String] = ["run"], environment: [String: String] = [:]
  ) throws -> ChildProcess {
    try ChildProcess(
      builtProduct("larder"), (words + ["--config", config]).map { Array($0.utf8) },
      environment: environment)
  }

  /// Runs a command to its end, on the configuration unless that is left out.
  func run(_ words: [String], configured: Bool = true) throws -> EndedChild {
    try ChildProcess(
      builtProduct("larder"),
      (words + (configured ? ["--config", config] : [])).map { Array($0.utf8) }
    ).wait()
  }

  /// Waits until something is so; nil when it never is.
  func eventually<Result>(_ look: () throws -> Result?) rethrows -> Result? {
    for _ in 0..<3_000 {
      if let found = try look() { return found }
      _ = Pause.live.wait(.milliseconds(10), nil)
    }
    return nil
  }

  /// Waits until something is true.
  func becomesTrue(_ look: () throws -> Bool) rethrows -> Bool {
    try eventually { try look() ? true : nil } ?? false
  }

  /// Asks at the socket, and again until the engine serves.
  func ask(_ line: String) throws -> String? {
    let path = Array("\(state)/shim.sock".utf8)
    return eventually {
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

  /// Writes a file of the depot as a program would.
  func write(_ name: String, _ text: String) throws {
    let path = try FilePath("depot/\(name)")
    let file =
      try scratch.disk.status(at: path) == nil
      ? try OpenFile(path, .creating(mode: 0o644), on: scratch.disk)
      : try OpenFile(path, .writing, on: scratch.disk)
    try file.truncate(to: 0)
    try file.write(Array(text.utf8), at: 0)
  }

  /// What a file has; nil when it is not there, or on its way out.
  func text(_ name: String) throws -> String? {
    do throws(DiskError) {
      let file = try OpenFile(FilePath(name), .reading, on: scratch.disk)
      return String(decoding: try file.readAll(bytesMax: 1 << 22), as: UTF8.self)
    } catch {
      switch error {
      case .absent, .locked: return nil
      default: throw error
      }
    }
  }

  /// What the engine says of a file, as `clean cold`; nil before it says anything.
  func standing(_ name: String) throws -> String? {
    try ask("P4CACHE/1 STAT \(name)")?.split(separator: " ").suffix(2).joined(separator: " ")
  }
}
