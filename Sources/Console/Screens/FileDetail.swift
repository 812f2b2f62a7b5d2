// One file in full: what it is, where its copies are, and what happened to it, newest first. It is asked
// for anew whenever the cursor comes to another file; until the answer is there the row says what it
// knows.

internal import Ambient
internal import Bytes
internal import Operations
internal import Terminal
internal import Views
internal import Widgets

extension EventView: ListRow {
  var searched: String { "\(transition ?? kind) \(entity) \(detail ?? "")" }
  var isMarkable: Bool { false }
}

/// The pane beside a list of files.
struct FileDetail: Sendable {
  /// Events of a file that are asked for at once.
  static let historyMax = 200
  /// The slot of its answers.
  static let slot = "entry"

  /// The file that is shown, by the one spelling of its path.
  private(set) var path: String?
  private(set) var file: FileView?
  private(set) var history = RowList<EventView>()
  private var hasMore = false
  private var fault: String?
  /// Whether the keys move through the history.
  var isFocused = false

  /// Shows a file; what is to be asked, or nothing when it is shown already and `isStale` is false.
  mutating func show(_ row: FileView?, isStale: Bool = false) -> [ScreenRequest] {
    guard let row else {
      self = FileDetail()
      return [.drop(slot: Self.slot)]
    }
    if row.id != path {
      history = RowList()
      (fault, hasMore) = (nil, false)
    } else if !isStale && row.generation == file?.generation {
      return []
    }
    file = row
    return [ask(row.id)]
  }

  /// Asks for a file by the one spelling of its path.
  mutating func ask(_ path: String) -> ScreenRequest {
    self.path = path
    return .load(
      slot: Self.slot, operation: "manifest.entry",
      input: ["path": .string(path), "limit": JSONValue(Self.historyMax)])
  }

  mutating func take(_ result: Result<Answer, Refusal>, seen: Int) {
    switch result {
    case .success(let answer):
      if let file = answer.output["file"].flatMap(FileView.init(json:)) { self.file = file }
      let events = answer.output["history"]?.array ?? []
      history.replace(events.compactMap(EventView.init(json:)), seen: seen)
      hasMore = answer.output["next"]?.integer != nil
      fault = nil
    case .failure(let refusal): fault = refusal.sentence
    }
  }

  /// Moves through the history; false when the command is none for it.
  mutating func take(_ name: CommandName, seen: Int) -> Bool { history.take(name, seen: seen) }

  // MARK: - Drawing

  /// The rows of the facts, and of the border and the header of the history.
  static let factRows = 11
  static let frameRows = 4

  /// How many events are seen in a pane of so many rows.
  static func seen(_ rows: Int) -> Int { max(1, rows - factRows - frameRows) }

  func draw(into surface: inout Surface, _ region: Region, _ context: ScreenContext) {
    let brush = context.brush
    let border = Border(
      [Words("File", .title)], note: isFocused ? [Words("Esc goes back", .dim)] : [],
      isFocused: isFocused)
    let inner = border.draw(into: &surface, region, brush).inset(columns: 1)
    guard let file else {
      let words = fault ?? (path.map { "asking for \($0)" } ?? "no file is under the cursor")
      surface.draw(Words(words, .dim), in: inner.line(0), brush: brush)
      return
    }
    let facts = facts(file, context, columns: inner.columns)
    let rows = min(facts.lines.count, max(1, inner.rows - 3))
    let (top, rest) = inner.split(top: rows)
    facts.draw(into: &surface, top, brush)
    guard rest.rows >= 3 else { return }
    drawHistory(into: &surface, rest.split(top: 1).rest, context)
  }

  private func facts(_ file: FileView, _ context: ScreenContext, columns: Int) -> Facts {
    let (brush, figures) = (context.brush, Figures(context.brush))
    func ago(_ time: WallTime?) -> String {
      guard let time else { return brush.unknown }
      return "\(figures.duration(max(.zero, context.now - time)).trimmed) ago"
    }
    var facts = Facts()
    let room = max(4, columns - facts.nameColumns)
    let name = shown(file.path, in: brush.glyphs.alphabet)
    facts.add(
      "path", [Words(fitted(name, columns: room, cut: .middle, ellipsis: brush.ellipsis), .strong)])
    facts.add(
      "state",
      [
        FileCells.state(file, brush, isShort: false),
        Words(file.isPinned ? ", pinned" : "", .statePinned),
        Words(" for \(figures.duration(max(.zero, context.now - file.changed)).trimmed)", .dim),
      ])
    facts.add(
      "size",
      [
        Words("\(ByteCount(file.size))"),
        Words("  \(Figures.grouped(Int(clamping: file.size))) bytes", .dim),
      ])
    if let fault = file.fault {
      facts.add(
        "fault",
        [Words(shown(fault, in: brush.glyphs.alphabet), file.state == .failed ? .bad : .warning)])
    }
    if file.attempts > 0 {
      let again = file.retryAt.map {
        ", again in \(figures.duration($0 - context.now).trimmed)"
      }
      facts.add("tries", [Words("\(file.attempts)"), Words(again ?? "", .warning)])
    }
    facts.add(
      "read", [Words(ago(file.accessed)), Words("  first seen \(ago(file.created))", .dim)])
    facts.add(
      "written",
      [
        Words(ago(file.modified)),
        Words(file.mode.map { "  mode \(String($0, radix: 8))" } ?? "", .dim),
      ])
    guard let stored = file.stored else {
      facts.add("stored", [Words("not yet", .stateDirty)])
      return facts
    }
    let isOlder = file.state == .dirty || file.state == .uploading || file.state == .failed
    facts.add(
      "stored",
      [
        Words("\(ByteCount(stored.size)) in \(stored.backend)"),
        Words(isOlder ? ", of older bytes" : ", verified \(ago(stored.verified))", .dim),
      ])
    facts.add(
      "object",
      [
        Words(
          fitted(stored.key, columns: room, cut: .middle, ellipsis: brush.ellipsis), .dim)
      ], isImportant: false)
    facts.add(
      "digest",
      [Words(fitted(stored.digest, columns: room, ellipsis: brush.ellipsis), .dim)],
      isImportant: false)
    if let scope = stored.scope {
      facts.add("sealed", [Words("under \(scope)", .dim)], isImportant: false)
    }
    return facts
  }

  private func drawHistory(
    into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    let (brush, figures) = (context.brush, Figures(context.brush))
    let alphabet = brush.glyphs.alphabet
    history.table(
      [
        TableColumn("Ago", Share(minimum: 6, ideal: 6, priority: 8), isRight: true),
        TableColumn("What happened", Share(minimum: 13, ideal: 14, priority: 10)),
        TableColumn("", Share(minimum: 8, ideal: 20, weight: 1, priority: 7)),
        TableColumn("Receipt", Share(minimum: 8, ideal: 8, priority: 5)),
      ], in: region, isFocused: isFocused,
      whenEmpty: fault ?? (path == nil ? "" : "asking what happened to it")
    ) { event in
      [
        Words(figures.duration(max(.zero, context.now - event.time)), .dim),
        Words(event.transition ?? event.kind, EventSign.role(of: event.transition)),
        Words(event.detail.map { shown($0, in: alphabet) } ?? ""),
        Words(String(event.id.suffix(8)), .dim),
      ]
    }.draw(into: &surface, region, brush)
  }
}

/// How what happened to a file looks.
enum EventSign {
  static func role(of transition: String?) -> Role {
    switch transition {
    case "written", "retried": .stateDirty
    case "stored", "verified", "confirmed", "adopted": .stateClean
    case "evicted", "vanished": .stateCold
    case "restored": .stateRestoring
    case "failed", "found": .stateFailed
    case "deferred": .warning
    case "pinned", "unpinned": .statePinned
    case "shredded", "deleted", "object-removed": .stateShredded
    default: .text
    }
  }
}
