// The log and the settings. The log follows what is said as it is said, from a level up and through a
// filter; the settings are those in force, each with where it came from and what a change of it needs.
//
//   log ◀── Left, Right ──▶ settings
//
// Lines are asked for when there is news and when the screen is shown; so many of them are kept.

internal import Ambient
package import Bytes
internal import Operations
package import Terminal
internal import Views
package import Widgets

/// The log, and behind it the settings.
package struct LogScreen: Screen {
  /// The most lines that are kept and that are asked for at once.
  static let linesMax = 5_000
  private static let pageMax = 500

  private enum View { case log, settings }

  private var view = View.log
  private var lines: [LogLineView] = []
  /// The number behind which the next lines are asked for.
  private var next: Int64 = 0
  private var missed: Int64 = 0
  private var level = LogLevel.info
  private var filter = FilterBar(LogLineView.vocabulary)
  private var scroll = TextScroll(followsEnd: true)
  private var settings: [SettingRow] = []
  private var cursor = ListCursor<String>()
  private var fault: String?

  package init() {}

  package var crumbs: [String] {
    let part = view == .log ? ["\(level) and above"] : ["settings"]
    return part + (filter.isEmpty ? [] : ["\"\(filter.text)\""])
  }
  package var isTyping: Bool { filter.isTyping }
  package var holdsBack: Bool { !filter.isEmpty || view == .settings }

  // MARK: - Events

  package var declined: [CommandName] { [.sort, .sortReverse] }

  package mutating func handle(
    _ event: ScreenEvent, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch event {
    case .entered: return askForLines() + askForSettings()
    case .news: return view == .log ? askForLines() : []
    case .answer("log", let result): return take(log: result)
    case .answer("settings", .success(let answer)):
      settings = (answer.output["settings"]?.array ?? []).compactMap { SettingRow($0) }
      follow(context)
      return []
    case .answer(_, .failure(let refusal)):
      fault = refusal.sentence
      return []
    case .command(let name): return take(name, context)
    case .key(let key): return filter.take(key)
    case .paste(let paste):
      filter.take(paste)
      return []
    default: return []
    }
  }

  private func askForLines() -> [ScreenRequest] {
    var input: JSONObject = ["limit": JSONValue(Self.pageMax), "level": "debug"]
    if next > 0 { input["after"] = .integer(next) }
    return [.load(slot: "log", operation: "log.page", input: .object(input))]
  }

  private func askForSettings() -> [ScreenRequest] {
    [.load(slot: "settings", operation: "config.show", input: [:])]
  }

  private mutating func take(log result: Result<Answer, Refusal>) -> [ScreenRequest] {
    switch result {
    case .failure(let refusal):
      fault = refusal.sentence
      return []
    case .success(let answer):
      fault = nil
      let more = (answer.output["lines"]?.array ?? []).compactMap { LogLineView(json: $0) }
      missed += answer.output["missed"]?.integer ?? 0
      next = max(next, answer.output["next"]?.integer ?? 0)
      lines += more
      let dropped = max(0, lines.count - Self.linesMax)
      if dropped > 0 {
        lines.removeFirst(dropped)
        scroll.dropped(dropped)
      }
      return more.count == Self.pageMax ? askForLines() : []
    }
  }

  private mutating func take(_ name: CommandName, _ context: ScreenContext) -> [ScreenRequest] {
    switch name {
    case .left, .right:
      view = view == .log ? .settings : .log
      return view == .log ? askForLines() : askForSettings()
    case .back:
      if !filter.isEmpty { filter.clear() } else { view = .log }
      return []
    case .refresh: return askForLines() + askForSettings()
    case .filter, .find:
      filter.open()
      return []
    case "log.level":
      let levels: [LogLevel] = [.debug, .info, .notice, .warning, .error]
      let place = levels.firstIndex(of: level) ?? 0
      level = levels[(place + 1) % levels.count]
      return [.say(Notice("lines from \(level) up"))]
    case .copy: return copy(context)
    default: return move(name, context)
    }
  }

  private func copy(_ context: ScreenContext) -> [ScreenRequest] {
    if view == .settings {
      guard let row = settings.first(where: { $0.key == cursor.selected }) else { return [] }
      return [.copy("\(row.key): \(row.value)"), .say(.good("copied \(row.key)"))]
    }
    let text = shown(context).map { $0.plain }.joined(separator: "\n")
    return [.copy(text), .say(.good("copied the lines that are shown"))]
  }

  private mutating func move(_ name: CommandName, _ context: ScreenContext) -> [ScreenRequest] {
    let rows = rows(context)
    if view == .settings {
      guard let place = name.place(from: cursor.index, rows: rows, of: settings.count) else {
        return [.say(.refused("\(name) means nothing to the settings"))]
      }
      cursor.go(to: place, rows: rows, of: settings.count) { settings[$0].key }
      return []
    }
    let count = shown(context).count
    let step: Int
    switch name {
    case .top: step = -count
    case .bottom: step = count
    default:
      guard let place = name.place(from: 0, rows: rows, of: count) else {
        return [.say(.refused("\(name) means nothing to the log"))]
      }
      step = place
    }
    scroll.move(by: step, lines: count, rows: rows, followsEnd: true)
    return []
  }

  private mutating func follow(_ context: ScreenContext) {
    cursor.follow(
      count: settings.count, rows: rows(context),
      place: { key in settings.firstIndex { $0.key == key } }, identity: { settings[$0].key })
  }

  private func rows(_ context: ScreenContext) -> Int {
    max(1, context.size.rows - (filter.isTyping ? 2 : 1))
  }

  /// The lines that pass level and filter.
  private func shown(_ context: ScreenContext) -> [LogLineView] {
    lines.filter { line in
      line.level >= level && filter.passes(at: context.now) { line.value(of: $0) }
    }
  }

  // MARK: - Drawing

  package func draw(
    into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    let (rest, bar) = region.split(bottom: filter.isTyping && region.rows > 2 ? 1 : 0)
    if view == .log {
      drawLog(into: &surface, rest, context)
    } else {
      drawSettings(into: &surface, rest, context)
    }
    if filter.isTyping { filter.draw(into: &surface, bar, context.brush) }
  }

  private func drawLog(
    into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    let brush = context.brush
    let (head, body) = region.split(top: region.rows > 3 ? 1 : 0)
    let passing = shown(context)
    var title = [Words(" " + counted(UInt64(passing.count), "line"), .strong)]
    if passing.count < lines.count {
      title.append(Words(" of \(Figures.grouped(lines.count))", .dim))
    }
    if missed > 0 {
      title.append(Words(", \(counted(UInt64(missed), "line")) gone before they came", .warning))
    }
    if !scroll.followsEnd { title.append(Words("   standing; G follows again", .dim)) }
    surface.draw(title, in: head, brush: brush)
    if passing.isEmpty {
      let words = fault ?? "no line passes"
      surface.draw(
        Words(words, .dim), in: body.centred(rows: 1, columns: columnCount(of: words)),
        brush: brush)
      return
    }
    ScrollingText(passing.map { words(for: $0, region.columns, brush) }, scroll)
      .draw(into: &surface, body, brush)
  }

  private func words(for line: LogLineView, _ columns: Int, _ brush: Brush) -> [Words] {
    let (letter, role): (String, Role) =
      switch line.level {
      case .error: ("E", .logError)
      case .warning: ("W", .logWarning)
      case .notice, .info: (line.level == .notice ? "N" : "I", .logInfo)
      default: ("D", .logDebug)
      }
    let alphabet = brush.glyphs.alphabet
    var words = [Words(" " + CivilTime(line.time).time + " ", .dim), Words("\(letter) ", role)]
    if columns >= 60 {
      words.append(
        Words(padded(line.room, columns: 10, ellipsis: brush.ellipsis) + " ", .label))
    }
    words.append(Words(Terminal.shown(line.message, in: alphabet), role))
    for field in line.fields {
      words.append(Words("  \(field.name)=", .dim))
      words.append(Words(Terminal.shown(field.value, in: alphabet), .text))
    }
    return words
  }

  private func drawSettings(
    into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    let passing = settings.filter { row in
      filter.isEmpty || row.key.contains(filter.text) || row.value.contains(filter.text)
    }
    let seen = cursor.visible(rows: Table.rowsSeen(in: region), of: passing.count)
    let rows = passing[seen.clamped(to: 0..<passing.count)].map { row in
      TableRow([
        Words(row.key, row.isGiven ? .strong : .text), Words(row.value),
        Words(row.origin, row.isGiven ? .accent : .dim),
        Words(row.needsRestart ? "after a restart" : "at once", .dim),
      ])
    }
    Table(
      [
        TableColumn("Setting", Share(minimum: 12, ideal: 34, priority: 4)),
        TableColumn("Value", Share(minimum: 8, ideal: 30, weight: 1, priority: 3)),
        TableColumn("Origin", Share(minimum: 8, ideal: 24, priority: 2)),
        TableColumn("Changes", Share(minimum: 8, ideal: 15, priority: 1)),
      ], rows, top: seen.lowerBound, count: passing.count, cursor: cursor.index,
      whenEmpty: fault ?? "no setting passes"
    ).draw(into: &surface, region, context.brush)
  }

  package func hints(_ context: ScreenContext) -> [KeyHint] {
    if filter.isTyping { return [KeyHint("Enter", "keep"), KeyHint("Esc", "none")] }
    let other = view == .log ? "settings" : "log"
    return [
      context.hint(.right, other), context.hint("log.level"), context.hint("config.reload"),
    ].compactMap { $0 }
  }

  package func commandLine(_ context: ScreenContext) -> String? {
    "larder console --once log --json"
  }

  package func json(_ context: ScreenContext) -> JSONValue {
    ["lines": .array(shown(context).map(\.json))]
  }
}

/// One setting that is in force.
struct SettingRow {
  let key: String
  let value: String
  let origin: String
  let isGiven: Bool
  let needsRestart: Bool

  init?(_ json: JSONValue) {
    guard let key = json["key"]?.string else { return nil }
    self.key = key
    value =
      switch json["value"] {
      case .string(let text)?: text
      case .null?, nil: "–"
      case let other?: other.text()
      }
    let kind = json["origin"]?["kind"]?.string ?? "default"
    isGiven = kind != "default" && kind != "derived"
    origin =
      switch kind {
      case "file": "the file, line \(json["origin"]?["line"]?.integer ?? 0)"
      case "environment": json["origin"]?["name"]?.string ?? kind
      case "flag": "--\(json["origin"]?["name"]?.string ?? "")"
      default: kind
      }
    needsRestart = json["changes"]?.string == "restart"
  }
}

extension LogLineView {
  /// The line as text.
  fileprivate var plain: String {
    let fields = fields.map { " \($0.name)=\($0.value)" }.joined()
    return "\(time) \(level) \(room): \(message)\(fields)"
  }
}

extension ScreenEntry {
  package static let log = ScreenEntry(
    .log, "Log",
    commands: [
      ConsoleCommand(
        "log.level", "level", "Show lines from the next level up", .finding, .on([.log]),
        keys: ["L"])
    ]
  ) { LogScreen() }
}
