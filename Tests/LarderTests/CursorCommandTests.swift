// `larder events follow --cursor` and `larder events cursor`, as a script would use them.

import Ambient
import Bytes
import ChildProcesses
import DurableFiles
import ScratchFiles
import Testing

@Suite struct CursorCommandTests {
  private let scratch: Scratch
  private let store: String

  init() throws {
    scratch = try Scratch()
    store = scratch.path("store")
    let lines = (0..<9).map {
      #"{"entity":"e:\#($0 % 3)","scope":"s","kind":"1.001","payload":"\#($0)"}"# + "\n"
    }
    #expect(try larder("events", "append", store, giving: lines.joined()).ending == .exited(0))
  }

  private func larder(_ words: String..., giving input: String = "") throws -> EndedChild {
    try ChildProcess(builtProduct("larder"), words.map { Array($0.utf8) })
      .wait(giving: Array(input.utf8))
  }

  private func follow(_ count: Int, _ entity: String = "e") throws -> [String?] {
    let ended = try larder(
      "events", "follow", store, "--entity", entity, "--cursor", "job", "--count", "\(count)",
      "--json")
    #expect(ended.ending == .exited(0), "\(ended.errorText)")
    return try ended.output.split(separator: 0x0A).map {
      try JSONValue(parsing: Array($0))["payload"]?.string
    }
  }

  @Test func `a cursor goes on where the last run ended, and is listed and reset`() throws {
    #expect(try follow(4) == ["0", "1", "2", "3"])
    #expect(try follow(2) == ["4", "5"])
    let listed = try larder("events", "cursor", "list", store)
    #expect(listed.outputText.contains("job") && listed.outputText.contains("--entity e"))
    let shown = try larder("events", "cursor", "show", store, "job", "--json")
    #expect(try JSONValue(parsing: shown.output)["position"]?.integer == 7)
    #expect(try larder("events", "cursor", "reset", store, "job").ending == .exited(0))
    #expect(try follow(1) == ["0"])
    #expect(try larder("events", "cursor", "reset", store, "none").ending == .exited(1))
  }

  @Test func `a cursor of another region, or a damaged one, is refused in a sentence`() throws {
    _ = try follow(1)
    let other = try larder(
      "events", "follow", store, "--entity", "f", "--cursor", "job", "--count", "1")
    #expect(other.ending == .exited(1) && other.errorText.contains("another region"))
    let file = try OpenFile("store/cursors/job.cursor", .writing, on: scratch.disk)
    try file.truncate(to: 5_000)
    let damaged = try larder(
      "events", "follow", store, "--entity", "e", "--cursor", "job", "--count", "1")
    #expect(damaged.ending == .exited(4) && damaged.errorText.contains("reset it"))
    #expect(try larder("events", "cursor", "list", store).ending == .exited(4))
    #expect(try larder("events", "cursor", "reset", store, "job").ending == .exited(0))
    #expect(try follow(1) == ["0"])
  }
}
