// Rows go through JSON and come back the same, whatever bytes their names have.

import Ambient
import Bytes
import Testing
import Views

@Suite struct RowTests {
  private let time = WallTime(microseconds: 1_763_722_304_000_001)

  /// The value that the text of another is read as.
  private func throughText(_ value: JSONValue) throws -> JSONValue {
    try JSONValue(parsing: Array(value.text().utf8))
  }

  @Test(
    arguments: [
      Array("art/hero.psd".utf8), Array("a b\\c".utf8), [0xFF, 0x2F, 0x0A], Array("naïve/日本".utf8),
      Array("\u{202E}evil".utf8),
    ])
  func `a file comes back with every byte of its name`(_ path: [UInt8]) throws {
    var file = FileView(
      path: path, state: .dirty, size: 7, isPinned: true, created: time, changed: time,
      accessed: time, generation: 3)
    #expect(FileView(json: try throughText(file.json)) == file)
    file.state = .uploading
    file.modified = time
    file.mode = 0o4755
    file.attempts = 4
    file.retryAt = time
    file.fault = "no \"route\""
    file.bytesDone = 5
    file.stored = StoredView(
      digest: String(repeating: "a", count: 64), size: 6, backend: "primary", key: "files/x~1",
      verified: time, scope: "depot")
    #expect(FileView(json: try throughText(file.json)) == file)
  }

  @Test func `every state has a word that leads back to it`() {
    for state in ShownState.allCases { #expect(ShownState(rawValue: state.rawValue) == state) }
    #expect(
      ShownState.allCases.map(\.rawValue)
        == ["dirty", "uploading", "failed", "hot", "cold", "shredded"])
  }

  @Test func `directories, events, lines and transfers come back too`() throws {
    let directory = DirectoryView(
      path: [0x61, 0xFF], all: Tally(files: 3, bytes: 30), hot: Tally(files: 1, bytes: 10),
      atRisk: .zero)
    #expect(DirectoryView(json: try throughText(directory.json)) == directory)
    #expect(directory.cold == Tally(files: 2, bytes: 20))
    let event = EventView(
      sequence: 9, id: "00ff", time: time, kind: "1.001", entity: "file:a", scope: "depot",
      streamSequence: 2, transition: "stored", detail: "in primary")
    #expect(EventView(json: try throughText(event.json)) == event)
    let line = LogLineView(
      number: 1, time: time, level: .warning, room: "engine", message: "text",
      fields: [LogFieldView("path", "a"), LogFieldView("path", "b")])
    #expect(LogLineView(json: try throughText(line.json)) == line)
    let transfer = TransferView(
      path: "a", bytesDone: 1, bytes: 2, since: time, attempt: 3, waiting: 4)
    #expect(TransferView(json: try throughText(transfer.json)) == transfer)
  }

  @Test func `what is no row is none, and neither is a name in another spelling`() throws {
    #expect(FileView(json: .null) == nil)
    let file = FileView(
      path: [0xFF], state: .hot, size: 1, isPinned: false, created: time, changed: time,
      accessed: time, generation: 1)
    guard case .object(var object) = file.json else {
      Issue.record("a file is an object")
      return
    }
    #expect(object["path"] == "\\xff")
    for wrong in ["\\xFF", "\\", "\\xf", "\\n", "\u{7}"] {
      object["path"] = .string(wrong)
      #expect(FileView(json: .object(object)) == nil, "\(wrong)")
    }
    object["path"] = "a"
    object["state"] = "clean"
    #expect(FileView(json: .object(object)) == nil)
  }

  @Test func `what a snapshot does not know is null and never 0`() throws {
    var snapshot = EngineSnapshot(
      taken: time, started: time, depot: "/d", mode: .readOnly, files: DepotCounts(),
      cache: CacheFill(used: .zero, lowWatermark: .zero, ceiling: .zero), uploads: UploadsView(),
      restores: RestoresView(),
      backends: [BackendView(name: "p", isPrimary: true, state: .unknown)],
      eventStore: EventStoreView(visible: 0), manifest: ManifestView(),
      watcher: WatcherView(mechanism: nil))
    let json = try throughText(snapshot.json)
    for (part, key) in [
      ("cache", "diskFree"), ("cache", "evictable"), ("cache", "aboveSince"),
      ("uploads", "oldest"), ("uploads", "drainSeconds"), ("uploads", "hold"),
      ("restores", "hits"), ("restores", "misses"), ("eventStore", "latch"),
      ("manifest", "rebuild"), ("watcher", "mechanism"), ("watcher", "lastOverflow"),
    ] {
      #expect(json[part]?[key] == .null, "\(part).\(key)")
    }
    let backend = try #require(json["backends"]?.array?.first)
    #expect(backend["latency"] == .null && backend["state"] == "unknown")
    #expect(json["files"]?["all"]?["files"] == 0)
    // What only an engine knows is not known without one.
    snapshot.mode = .evaluation
    let written = try throughText(snapshot.json)
    for key in ["started", "restores", "backends", "watcher", "findings", "findingsCount"] {
      #expect(written[key] == .null, "\(key)")
    }
    #expect(written["uploads"]?["stored"] == .null && written["cache"]?["evictedFiles"] == .null)
    #expect(written["uploads"]?["queued"]?["files"] == 0)
  }
}

@Suite struct WallTimeReadingTests {
  @Test func `a moment is read as it is written, and nothing else is one`() {
    for microseconds: Int64 in [0, 1, 1_763_722_304_123_456, 951_782_400_000_000] {
      let time = WallTime(microseconds: microseconds)
      #expect(WallTime(parsing: "\(time)") == time)
    }
    #expect(
      WallTime(parsing: "2026-11-20T10:51:44Z") == WallTime(parsing: "2026-11-20T10:51:44.0Z"))
    for wrong in [
      "", "2026-11-20", "2026-11-20T10:51:44", "2026-02-30T00:00:00Z", "2026-11-20T10:51:44.Z",
      "2026-11-20T10:51:44.1234567Z", "2026-11-20 10:51:44Z", "2026-11-20T25:00:00Z",
      "2026-11-20T10:51:44.-1Z",
    ] {
      #expect(WallTime(parsing: wrong) == nil, "\(wrong)")
    }
  }
}
