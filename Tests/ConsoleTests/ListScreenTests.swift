// The list screens as conversations and as pictures: what they ask for, what they make of the answers, and
// how they look at several sizes. Pictures are kept in Golden/lists.golden.

import Ambient
import Bytes
import Operations
import Terminal
import Testing
import Views
import Widgets

@testable import Console

/// A console whose operations are answered at once by rows made here.
struct ListConsole {
  var model: ConsoleModel
  /// What was asked, the newest last.
  private(set) var asked: [(operation: String, input: JSONValue)] = []
  var answers = ListAnswers()

  init(
    columns: Int, rows: Int, snapshot: EngineSnapshot? = Sample.quiet, glyphs: GlyphSet = .unicode
  ) {
    model = Sample.model(snapshot, columns: columns, rows: rows, glyphs: glyphs)
  }

  /// Presses keys one after the other, answering what each asks for.
  mutating func press(_ keys: String...) {
    for name in keys {
      guard let key = Key(parsing: name) else { preconditionFailure("there is no key \(name)") }
      settle(model.handle(.terminal(.key(key)), at: Sample.moment))
    }
  }

  /// Has something happen at the terminal.
  mutating func take(_ event: TerminalEvent) {
    settle(model.handle(.terminal(event), at: Sample.moment))
  }

  /// Types a text.
  mutating func type(_ text: String) {
    for scalar in text.unicodeScalars {
      settle(model.handle(.terminal(.key(.character(scalar))), at: Sample.moment))
    }
  }

  private mutating func settle(_ effects: [ConsoleEffect]) {
    var pending = effects
    while !pending.isEmpty {
      guard case .load(let ticket, let operation, let input) = pending.removeFirst() else {
        continue
      }
      asked.append((operation, input))
      let answer = answers.answer(operation, input)
      pending += model.handle(.loaded(ticket, answer), at: Sample.moment)
    }
  }

  var screen: FilesScreen? { model.topScreen as? FilesScreen }
  var lines: [String] { model.surface().lines }
  var text: String { lines.joined(separator: "\n") }
}

/// Answers of a small depot.
struct ListAnswers: Sendable {
  var count = 40
  var isBroken = false

  private static let names: [[UInt8]] = [
    Array("main/art/textures/harbour_albedo_4k.tga".utf8), Array("main/src/engine/anchor.cpp".utf8),
    Array("main/docs/caf\u{65}\u{301} menu.md".utf8), Array("release/港の灯り.lvl".utf8),
    Array("dev/red \u{1B}[31malert.txt".utf8), Array("dev/gull \u{202E}gpj.exe".utf8),
    [0x64, 0x65, 0x76, 0x2F, 0x74, 0x69, 0x64, 0x65, 0xFF, 0xFE],
    Array(("art/" + String(repeating: "very-long-name-", count: 12) + "end.psd").utf8),
  ]

  static func file(_ number: Int) -> FileView {
    let states = ShownState.allCases
    let state = states[number % states.count]
    let name =
      number < names.count ? names[number] : Array("main/src/game/file_\(number).cpp".utf8)
    let isStored = state == .hot || state == .cold
    return FileView(
      path: name, state: state, size: UInt64(1_000 + number * 7_919), isPinned: number % 9 == 3,
      created: Sample.now + .seconds(-86_400), changed: Sample.now + .seconds(-60 * (number + 1)),
      accessed: Sample.now + .seconds(-number * number - 5),
      modified: Sample.now + .seconds(-90 * (number + 1)), mode: 0o644,
      attempts: state == .failed ? 10 : state == .dirty ? 2 : 0,
      retryAt: state == .dirty ? Sample.now + .seconds(14) : nil,
      fault: state == .failed ? "the place of files/a~1 is taken by a file of somebody else" : nil,
      stored: isStored
        ? StoredView(
          digest: String(repeating: "5fa0", count: 16), size: UInt64(1_000 + number * 7_919),
          backend: "primary", key: "files/\(escaped(name))~\(number)", verified: Sample.now)
        : nil, bytesDone: state == .uploading ? UInt64(400 + number * 4_000) : nil,
      generation: UInt64(number + 1))
  }

  private static func event(_ number: Int, _ transition: String?) -> EventView {
    let kinds = ["1.001", "1.002", "1.006", "1.007", "d.001"]
    return EventView(
      sequence: UInt64(1_482_330 - number), id: "0198c2f4a1b0700080000000000\(10_000 + number)",
      time: Sample.now + .seconds(-3 * number), kind: kinds[number % kinds.count],
      entity: "file:5fa05fa05fa05fa05fa05fa05fa05fa0", scope: "depot",
      streamSequence: UInt64(9 - number % 9), transition: transition,
      detail: transition == nil ? nil : "1.50 MiB in primary")
  }

  func answer(_ operation: String, _ input: JSONValue) -> Result<Answer, Refusal> {
    if isBroken {
      return .failure(Refusal(.handlerFailure, "the manifest: its disk failed on manifest.sqlite"))
    }
    let limit = Int(input["limit"]?.integer ?? 100)
    switch operation {
    case "manifest.page", "uploads.page":
      let start = Int(input["after"]?.string ?? "0") ?? 0
      var files = (0..<count).map(Self.file)
      if input["descending"]?.bool == true { files.reverse() }
      if let text = input["filter"]?.string, text.contains("state:failed") {
        files = files.filter { $0.state == .failed }
      }
      let page = files.dropFirst(start).prefix(limit)
      let end = start + page.count
      return .success(
        Answer([
          "rows": .array(page.map(\.json)), "seen": JSONValue(page.count),
          "next": end < files.count ? .string("\(end)") : .null,
          "isComplete": .bool(end >= files.count),
        ]))
    case "manifest.usage":
      let path = input["path"]?.string ?? ""
      let below = Tally(files: 12_400, bytes: 48_318_382_080)
      let directories = path.split(separator: "/").count > 1 ? [] : ["art", "docs", "src"]
      return .success(
        Answer([
          "directory": .null,
          "directories": .array(
            directories.map { name in
              DirectoryView(
                path: Array((path.isEmpty ? name : "\(path)/\(name)").utf8), all: below,
                hot: Tally(files: 2_000, bytes: 12_318_382_080),
                atRisk: Tally(files: name == "src" ? 12 : 0, bytes: 4_096)
              ).json
            }), "files": .array(path.isEmpty ? [] : (8..<11).map { Self.file($0).json }),
          "next": .null,
        ]))
    case "manifest.entry":
      let names = ["evicted", "stored", "written"]
      return .success(
        Answer([
          "file": .null, "history": .array(names.indices.map { Self.event($0, names[$0]).json }),
          "next": .null,
        ]))
    case "events.page":
      return .success(
        Answer([
          "events": .array((0..<min(limit, count)).map { Self.event($0, nil).json }),
          "position": 1, "isEnd": true,
        ]))
    case "event.get":
      return .success(
        Answer([
          "event": Self.event(1, nil).json, "payload": "bytes",
          "bytes": .string(base64([4, 0x61, 0x2F, 0x62, 0x63, 0, 1, 2, 3])), "receipt": "AAAA",
        ]))
    case "event.ancestors":
      return .success(
        Answer(["events": .array((2..<5).map { Self.event($0, nil).json }), "end": "genesis"]))
    default: return .failure(Refusal(.unknownOperation, "nobody answers \(operation) here"))
    }
  }
}

@Suite struct ListScreenTests {
  // MARK: - Files

  @Test func `the first page is asked for when the files are shown, and more near its end`() {
    var console = ListConsole(columns: 100, rows: 30)
    console.answers.count = 1_200
    console.press("2")
    #expect(console.asked.map(\.operation) == ["manifest.page"])
    #expect(console.screen?.list.rows.count == 500)
    for _ in 0..<20 { console.press("PgDn") }
    #expect(console.screen?.list.rows.count == 1_000)
    #expect(console.asked.last?.input["after"]?.string == "500")
  }

  @Test func `the end of the order is asked for from the other side`() {
    var console = ListConsole(columns: 100, rows: 30)
    console.answers.count = 1_200
    console.press("2", "G")
    #expect(console.asked.last?.input["descending"]?.bool == true)
    #expect(console.screen?.list.selected?.id == escaped(ListAnswers.file(1_199).path))
    #expect(console.screen?.list.rows.last?.id == escaped(ListAnswers.file(1_199).path))
    console.press("g")
    #expect(console.screen?.list.selected?.id == escaped(ListAnswers.file(0).path))
  }

  @Test func `a filter takes effect as it is typed, and a wrong one keeps the last`() {
    var console = ListConsole(columns: 100, rows: 30)
    console.press("2", "f")
    console.type("state:failed")
    #expect(console.screen?.filter == "state:failed")
    #expect(console.screen?.list.rows.allSatisfy { $0.state == .failed } == true)
    console.type(" size>")
    #expect(console.screen?.filter == "state:failed size")
    #expect(console.screen?.inquiry.prompt?.fault != nil)
    console.press("Enter")
    #expect(console.screen?.filter == "state:failed size" && console.screen?.isTyping == false)
    console.press("Esc")
    #expect(console.screen?.filter == "" && console.screen?.list.rows.count == 40)
  }

  @Test func `a filter that is given up leaves what was before`() {
    var console = ListConsole(columns: 100, rows: 30)
    console.press("2", "f")
    console.type("state:failed")
    console.press("Esc")
    #expect(console.screen?.filter == "" && console.screen?.list.rows.count == 40)
  }

  @Test func `marks are kept by what they are of, with their sum`() throws {
    var console = ListConsole(columns: 100, rows: 30)
    console.press("2", "Space", "j", "Space")
    let marked = try #require(console.model.topScreen.selection)
    #expect(marked.isMarked && marked.paths.count == 2)
    #expect(marked.bytes == ListAnswers.file(0).size + ListAnswers.file(2).size)
    console.press("S")
    #expect(console.model.topScreen.selection == marked)
    console.press("u")
    #expect(console.model.topScreen.selection?.isMarked == false)
  }

  @Test func `a range is marked as the cursor moves, and shrinks again`() {
    var console = ListConsole(columns: 100, rows: 30)
    console.press("2", "v", "j", "j", "j")
    #expect(console.screen?.list.marks.count == 4)
    console.press("k")
    #expect(console.screen?.list.marks.count == 3)
    console.press("v", "j", "j")
    #expect(console.screen?.list.marks.count == 3)
    console.press("*")
    #expect(console.screen?.list.marks.count == 37)
    console.press("+")
    #expect(console.screen?.list.marks.count == 40)
  }

  @Test func `an action is about what is under the cursor, not about its row`() throws {
    var console = ListConsole(columns: 100, rows: 30)
    console.press("2", "j", "j")
    let before = try #require(console.screen?.list.selected?.id)
    console.press("S")
    #expect(console.screen?.list.selected?.id == before)
    #expect(console.model.topScreen.selection?.paths == [before])
  }

  @Test func `a search goes to the next that has the text and round the end`() {
    var console = ListConsole(columns: 100, rows: 30)
    console.press("2", "/")
    console.type("file_1")
    console.press("Enter")
    #expect(console.screen?.list.selected?.id == "main/src/game/file_10.cpp")
    console.press("n")
    #expect(console.screen?.list.selected?.id == "main/src/game/file_11.cpp")
    console.press("N", "N")
    #expect(console.screen?.list.selected?.id == "main/src/game/file_19.cpp")
    console.press("/")
    console.type("nowhere")
    console.press("Enter")
    #expect(console.text.contains("'nowhere' is not in the 40 rows here"))
  }

  @Test func `the tree opens, closes, and acts on what lies below a directory`() {
    var console = ListConsole(columns: 100, rows: 30)
    console.press("2", "t")
    #expect(console.asked.last?.operation == "manifest.usage")
    #expect(console.screen?.tree.list.rows.count == 3)
    #expect(console.model.topScreen.selection?.directory == "art")
    console.press("Right")
    #expect(console.screen?.tree.list.rows.count == 9)
    console.press("Right", "Left")
    #expect(console.screen?.tree.list.selected?.id == "art/")
    console.press("Left")
    #expect(console.screen?.tree.list.rows.count == 3)
  }

  @Test func `the details follow the cursor and have the file's own history`() {
    var console = ListConsole(columns: 160, rows: 40)
    console.press("2", "j")
    #expect(console.asked.last?.operation == "manifest.entry")
    #expect(console.asked.last?.input["path"]?.string == "main/src/engine/anchor.cpp")
    #expect(console.text.contains("evicted") && console.text.contains("written"))
    console.press("Enter", "j", "Enter")
    #expect(console.asked.last?.operation == "event.ancestors")
    console.press("Esc", "Esc")
    #expect(console.screen?.detail.isFocused == false)
  }

  @Test func `rows that cannot be had are said to be so`() {
    var console = ListConsole(columns: 100, rows: 30)
    console.answers.isBroken = true
    console.press("2")
    #expect(console.text.contains("its disk failed on manifest.sqlite"))
  }

  // MARK: - The others

  @Test func `each part of the uploads is asked for when it is shown`() {
    var console = ListConsole(columns: 100, rows: 30)
    console.press("3")
    #expect(console.asked.isEmpty && console.text.contains("art/hero.psd"))
    console.press("t")
    #expect(console.asked.last?.input["part"]?.string == "queued")
    console.press("Right", "Right")
    #expect(console.asked.last?.input["part"]?.string == "failed")
  }

  @Test func `events come newest first, and an event shows what came before it`() {
    var console = ListConsole(columns: 140, rows: 30)
    console.press("7")
    #expect(console.asked.last?.input["newestFirst"]?.bool == true)
    #expect(console.text.contains("receipt") && console.text.contains("live"))
    console.press("Enter")
    #expect(console.asked.suffix(2).map(\.operation) == ["event.get", "event.ancestors"])
    #expect(console.text.contains("a/bc"))
  }

  @Test func `a filter of events is held against the rows`() {
    var console = ListConsole(columns: 140, rows: 30)
    console.press("7", "f")
    console.type("what:stored")
    #expect(console.lines.filter { $0.contains("stored") }.count > 3)
    #expect(!console.lines.dropFirst(4).contains { $0.contains(" evicted ") })
  }

  @Test func `a backend is probed by its name`() {
    var console = ListConsole(columns: 100, rows: 30)
    console.press("9")
    let action = console.model.topScreen.action(for: "backend.probe", console.model.context)
    #expect(action?.subject == "primary")
  }

  // MARK: - Pictures

  /// A picture: its name, the size, and the keys that lead there.
  struct Picture: Sendable {
    let name: String
    var columns = 80
    var rows = 24
    let keys: [String]
    var glyphs = GlyphSet.unicode

    func draw() -> Surface {
      var console = ListConsole(columns: columns, rows: rows, glyphs: glyphs)
      for key in keys { console.press(key) }
      return console.model.surface()
    }
  }

  static let pictures: [Picture] = {
    let screens: [(String, [String])] = [
      ("files", ["2"]), ("tree", ["2", "t", "Right"]), ("uploads", ["3"]), ("restores", ["4"]),
      ("events", ["7"]), ("backends", ["9"]),
    ]
    let sizes = [(200, 50), (120, 40), (80, 24), (40, 10), (20, 5)].flatMap { columns, rows in
      screens.map { name, keys in
        Picture(name: "\(name)-\(columns)x\(rows)", columns: columns, rows: rows, keys: keys)
      }
    }
    return sizes + [
      Picture(name: "files-marked-80x24", keys: ["2", "Space", "j", "v", "j", "j"]),
      Picture(name: "files-ascii-80x24", keys: ["2"], glyphs: .ascii),
      Picture(name: "files-storage-120x40", columns: 120, rows: 40, keys: ["2", "c"]),
      Picture(name: "files-trouble-80x24", keys: ["2", "c", "c"]),
      Picture(name: "files-filter-80x24", keys: ["2", "f", "s", "i", "z", "e", ">"]),
      Picture(name: "file-80x24", keys: ["2", "j", "j", "j", "Enter"]),
      Picture(name: "event-80x24", keys: ["7", "Enter"]),
      Picture(name: "uploads-failed-80x24", keys: ["3", "t", "t", "t"]),
    ]
  }()

  private static let kept = KeptPictures(PackageResources.lists_golden)

  @Test(arguments: pictures.map(\.name))
  func `a list looks as it should`(_ name: String) throws {
    try Self.kept.check(name, try #require(Self.pictures.first { $0.name == name }).draw())
  }
}
