// The operations that look: what they declare, and that what they answer is what they said they would, and
// is read back into the rows that it came from.

import Ambient
import Bytes
import ColdStorage
import DurableFiles
import EventStore
import Manifest
import Operations
import Testing
import Views

@testable import CacheEngine

@Suite struct InspectOperationTests {
  private let ground: SimulatedGround

  init() throws {
    ground = try SimulatedGround { $0.retries.attemptsMax = 1 }
    for name in ["art/a", "art/heroes/b", "code/c", "d"] as [FilePath] {
      try ground.store(name, "text of \(name)")
    }
    #expect(ground.running.stepEvict("code/c"))
    ground.cold.hook {
      $0.beforeUpload = { (_) throws(StorageError) in
        throw .unavailable(store: "primary", detail: "no route", retryAfter: nil)
      }
    }
    try ground.write("failed", "gave up")
    ground.running.stepUploads(max: 10)
    try ground.write("dirty", "new")
    try ground.running.stepManifest()
  }

  private func subject() -> InspectSubject {
    ground.running.inspectSubject(
      configuration: { [["key": "depot_path", "value": "/depot"]] },
      log: { after, max in
        (1...10).filter { $0 > after }.prefix(max).map { number in
          LogLineView(
            number: number, time: WallTime(seconds: 1), level: number % 2 == 0 ? .warning : .info,
            room: "engine", message: "line \(number)")
        }
      })
  }

  private func gate() throws -> Dispatcher {
    let registry = try OperationRegistry([.inspecting(subject())])
    return try .readOnly(registry, reader: ground.running.store.reader)
  }

  private func ask(_ name: String, _ input: JSONValue = [:]) throws -> JSONValue {
    let gate = try gate()
    defer { gate.shutDown() }
    let output = try gate.call(name, input, by: Caller(uid: nil, from: .program)).output
    let operation = try #require(
      OperationModule.inspecting(subject()).operations.first { $0.name == name })
    try operation.output.check(output)
    return output
  }

  private func refused(_ name: String, _ input: JSONValue) throws -> RefusalToken? {
    let gate = try gate()
    defer { gate.shutDown() }
    do throws(Refusal) {
      _ = try gate.call(name, input, by: Caller(uid: nil, from: .program))
      return nil
    } catch {
      return error.token
    }
  }

  @Test func `each is of the class that looks, leaves no receipt, and declares what it asks`()
    throws
  {
    let table: [(name: String, projections: Set<String>)] = [
      ("engine.status", ["engine"]), ("triage.list", ["engine.triage"]),
      ("backends.status", ["engine"]), ("config.show", ["configuration"]), ("log.page", ["log"]),
      ("manifest.page", ["manifest"]), ("manifest.usage", ["manifest"]),
      ("manifest.entry", ["manifest"]), ("uploads.page", ["engine", "manifest"]),
      ("restores.page", ["engine"]), ("failures.page", ["manifest"]),
    ]
    let operations = OperationModule.inspecting(subject()).operations
    #expect(operations.map(\.name) == table.map(\.name))
    for (operation, row) in zip(operations, table) {
      #expect(operation.operationClass == .inspect && operation.receipt == nil)
      #expect(operation.effects == EffectRow(projectionsQueried: row.projections))
      #expect(!operation.title.isEmpty)
    }
  }

  @Test func `looking leaves no event`() throws {
    let before = try ground.running.store.reader.lastSequence
    for name in ["engine.status", "triage.list", "backends.status", "config.show", "log.page"] {
      _ = try ask(name)
    }
    _ = try ask("manifest.page")
    #expect(try ground.running.store.reader.lastSequence == before)
  }

  @Test func `the figures are those of the snapshot, and what is wrong is said with its remedy`()
    throws
  {
    let status = try ask("engine.status")
    #expect(status["files"]?["failed"]?["files"] == 1)
    #expect(status["files"]?["cold"]?["files"] == 1)
    #expect(try ask("backends.status")["backends"]?.array?.count == 1)
    let conditions = try #require(try ask("triage.list")["conditions"]?.array)
    #expect(conditions.contains { $0["rule"] == "uploads.failed" })
    #expect(try ask("config.show")["settings"]?.array?.count == 1)
  }

  @Test(arguments: ["path", "size", "read", "age", "directory"])
  func `pages of any order have every file once, each read back as it is`(_ order: String) throws {
    var seen: [String] = []
    var after = JSONValue.null
    repeat {
      var input: JSONObject = ["order": .string(order), "limit": 2]
      if after != .null { input["after"] = after }
      let page = try ask("manifest.page", .object(input))
      for row in page["rows"]?.array ?? [] {
        let file = try #require(FileView(json: row))
        #expect(try ground.row(try FilePath(bytes: file.path))?.view() == file)
        seen.append(String(decoding: file.path, as: UTF8.self))
      }
      after = page["next"] ?? .null
      #expect(page["isComplete"]?.bool == (after == .null))
    } while after != .null
    #expect(seen.sorted() == ["art/a", "art/heroes/b", "code/c", "d", "dirty", "failed"])
  }

  @Test func `pages are narrowed by prefix, by state and by a filter`() throws {
    func names(_ input: JSONValue) throws -> [String] {
      try ask("manifest.page", input)["rows"]?.array?.compactMap { $0["path"]?.string } ?? []
    }
    #expect(try names(["prefix": "art/"]) == ["art/a", "art/heroes/b"])
    #expect(try names(["order": "age", "state": "dirty"]) == ["dirty"])
    #expect(try names(["filter": "state:cold"]) == ["code/c"])
    #expect(
      try names(["filter": "state:hot", "descending": true]) == ["d", "art/heroes/b", "art/a"])
    #expect(try names(["filter": "nothing-is-called-so"]) == [])
  }

  @Test func `what makes no sense is refused with a word, and no token is taken on trust`() throws {
    #expect(try refused("manifest.page", ["order": "colour"]) == .invalidInput)
    #expect(try refused("manifest.page", ["order": "size", "prefix": "a"]) == .invalidInput)
    #expect(try refused("manifest.page", ["state": "dirty"]) == .invalidInput)
    #expect(try refused("manifest.page", ["filter": "size>"]) == .invalidInput)
    #expect(try refused("manifest.page", ["limit": 1_001]) == .invalidInput)
    for token in ["", "path", "path::1:zz", "size::1:61", "path:1:1:61", "path:::", "x:y:z:w"] {
      #expect(try refused("manifest.page", ["after": .string(token)]) == .invalidInput, "\(token)")
    }
    #expect(
      try refused("manifest.page", ["order": "size", "after": "path::1:61"]) == .invalidInput)
    #expect(try refused("manifest.usage", ["after": "elsewhere:61"]) == .invalidInput)
    #expect(try refused("failures.page", ["after": "one"]) == .invalidInput)
    #expect(try refused("manifest.entry", ["path": "absent"]) == .notFound)
    #expect(try refused("manifest.entry", ["path": "../up"]) == .invalidInput)
    #expect(try refused("manifest.entry", ["path": "\\xZZ"]) == .invalidInput)
  }

  @Test func `a directory is told with what lies below each entry`() throws {
    let root = try ask("manifest.usage")
    let all = try #require(root["directory"].flatMap(DirectoryView.init(json:)))
    #expect(all.all.files == 6 && all.atRisk.files == 2 && all.cold.files == 1)
    let directories = try #require(root["directories"]?.array).map { DirectoryView(json: $0) }
    #expect(directories.map { $0?.path } == [Array("art".utf8), Array("code".utf8)])
    #expect(directories.map { $0?.all.files } == [2, 1])
    let first = try ask("manifest.usage", ["limit": 1])
    let second = try ask("manifest.usage", ["limit": 1, "after": first["next"] ?? .null])
    #expect(second["directories"]?.array?.first?["path"] == "code")
    #expect(try ask("manifest.usage", ["path": "art"])["files"]?.array?.count == 1)
    #expect(try ask("manifest.usage", ["path": "absent"])["directory"] == .null)
  }

  @Test func `a file is told with its past, newest first`() throws {
    let entry = try ask("manifest.entry", ["path": "code/c"])
    #expect(entry["file"].flatMap(FileView.init(json:))?.state == .cold)
    let history = try #require(entry["history"]?.array).map { EventView(json: $0) }
    #expect(history.map { $0?.transition } == ["evicted", "stored", "written"])
    #expect(history[1]?.detail?.contains("in primary") == true)
    try ground.running.delete("d")
    let gone = try ask("manifest.entry", ["path": "d", "limit": 1])
    #expect(gone["file"] == .null && gone["next"] != .null)
    #expect(gone["history"]?.array?.first?["transition"] == "deleted")
  }

  @Test func `what is not stored is told by what it waits for`() throws {
    func names(_ part: String) throws -> [String?] {
      try ask("uploads.page", ["part": .string(part)])["rows"]?.array?.map { $0["path"]?.string }
        ?? []
    }
    #expect(try names("queued") == ["dirty"])
    #expect(try names("failed") == ["failed"])
    #expect(try names("waiting") == [] && names("inFlight") == [])
    let failed = try ask("failures.page")["rows"]?.array?.first.flatMap(FileView.init(json:))
    #expect(failed?.fault?.contains("no route") == true && failed?.attempts == 1)
    #expect(try ask("restores.page")["queued"] == 0)
  }

  @Test func `lines of the log come in pages, and through a level and a filter`() throws {
    func numbers(_ input: JSONValue) throws -> [UInt64] {
      try ask("log.page", input)["lines"]?.array?.compactMap { LogLineView(json: $0)?.number } ?? []
    }
    #expect(try numbers(["limit": 3]) == [8, 9, 10])
    #expect(try numbers(["after": 4, "limit": 3]) == [5, 6, 7])
    #expect(try ask("log.page", ["after": 4, "limit": 3])["next"] == 7)
    #expect(try numbers(["after": 0, "level": "warning"]) == [2, 4, 6, 8, 10])
    #expect(try numbers(["filter": "\"line 10\""]) == [10])
    #expect(try ask("log.page", ["after": 10])["next"] == 10)
    #expect(try refused("log.page", ["filter": "size>1"]) == .invalidInput)
  }
}
