// `larder console --once`: one picture of every screen at the sizes that people have, and the same as JSON, of a depot
// that lies on the disk and of one whose engine is embedded for it.

import Ambient
import Bytes
import ChildProcesses
import Console
import Glibc
import Testing

@testable import larder

@Suite struct OncePictureTests {
  private static let sizes = [(200, 50), (120, 40), (80, 24), (20, 5)]

  /// A depot with files that are stored, cold and dirty, and no engine.
  private func ground() throws -> RunningEngine {
    let ground = try RunningEngine("max_cache_bytes: '64K', min_age: '0s',")
    let child = try ground.start()
    #expect(try ground.ask("P4CACHE/1 PING") == "OK")
    for number in 0..<12 {
      try ground.write("file\(number)", String(repeating: "\(number % 10)", count: 12_000))
    }
    #expect(
      try ground.becomesTrue {
        try (0..<12).allSatisfy { try ground.standing("file\($0)")?.hasPrefix("clean") == true }
      })
    child.signal(SIGTERM)
    #expect(try child.wait().ending == .exited(0))
    return ground
  }

  private func picture(_ ground: RunningEngine, _ words: [String]) throws -> EndedChild {
    try ground.start(["console", "--once"] + words).wait()
  }

  @Test func `every screen is drawn at every size, and says the same as JSON`() throws {
    let ground = try ground()
    for screen in ScreenID.allCases {
      for (columns, rows) in Self.sizes {
        let ended = try picture(
          ground, [screen.rawValue, "--read-only", "--size", "\(columns)x\(rows)"])
        #expect(ended.ending == .exited(0), "\(screen): \(ended.errorText)")
        let lines = ended.outputText.split(separator: "\n", omittingEmptySubsequences: false)
          .dropLast()
        #expect(lines.count == rows, "\(screen) at \(columns)x\(rows)")
        #expect(lines.allSatisfy { $0.count <= columns })
        #expect(
          lines[0].contains(screen.title.prefix(8)), "\(screen) at \(columns)x\(rows): \(lines[0])")
      }
      let ended = try picture(ground, [screen.rawValue, "--read-only", "--json"])
      #expect(ended.ending == .exited(0), "\(screen): \(ended.errorText)")
      let shown = try JSONValue(parsing: ended.output)
      #expect(shown != .null && shown != [:], "\(screen) shows nothing")
    }
    let files = try JSONValue(parsing: picture(ground, ["files", "--read-only", "--json"]).output)
    #expect(files["rows"]?.array?.count == 12)
  }

  @Test func `an engine is embedded for a picture where none runs, and refused where one does`()
    throws
  {
    let ground = try ground()
    let ended = try picture(ground, ["overview"])
    #expect(ended.ending == .exited(0) && ended.outputText.contains("12 files"))
    let child = try ground.start()
    #expect(try ground.ask("P4CACHE/1 PING") == "OK")
    let refused = try picture(ground, ["overview"])
    #expect(refused.ending == .exited(5), "\(refused.errorText)")
    let beside = try picture(ground, ["overview", "--read-only"])
    #expect(beside.ending == .exited(0) && beside.outputText.contains("as it was at"))
    child.signal(SIGTERM)
    #expect(try child.wait().ending == .exited(0))
  }
}
