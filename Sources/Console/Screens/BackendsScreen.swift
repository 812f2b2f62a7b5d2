// The cold stores: what each last said, how long its calls take, and what failed. All of it is in the
// snapshot; to probe one is an operation.

internal import Ambient
package import Bytes
internal import Operations
package import Terminal
internal import Views
package import Widgets

extension ScreenEntry {
  package static let backends = ScreenEntry(.backends, "Backends") { BackendsScreen() }
}

/// A cold store as a row.
private struct BackendRow: ListRow {
  let view: BackendView

  var id: String { view.name }
  var searched: String { view.name }
  var isMarkable: Bool { false }
}

/// The list of cold stores.
package struct BackendsScreen: Screen {
  private var list = RowList<BackendRow>()

  package init() {}

  package var showsSnapshot: Bool { true }
  package var declined: [CommandName] { [.find, .filter, .sort, .sortReverse] }

  package mutating func handle(
    _ event: ScreenEvent, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch event {
    case .entered, .news, .resized:
      list.replace(
        (context.snapshot?.backends ?? []).map { BackendRow(view: $0) }, seen: seen(context))
      return []
    case .mouse(let mouse):
      _ = list.click(mouse, in: parts(context.size.region).table)
      return []
    case .command(.open):
      guard let backend = list.selected else { return [] }
      return action(for: "backend.probe", context).map { [.act($0)] }
        ?? [.say(.refused("\(backend.id) cannot be probed"))]
    case .command(.copy):
      guard let backend = list.selected else { return [] }
      return [.copy(backend.id), .say(.good("copied \(backend.id)"))]
    case .command(let name):
      return list.take(name, seen: seen(context))
        ? [] : [.say(.refused("there is nothing to do that to here"))]
    default: return []
    }
  }

  package func action(for command: CommandName, _ context: ScreenContext) -> ActionRequest? {
    guard command == "backend.probe", let backend = list.selected else { return nil }
    return ActionRequest(
      command.text, ["backend": .string(backend.id)], about: backend.id)
  }

  package func hints(_ context: ScreenContext) -> [KeyHint] {
    [context.hint("backend.probe")].compactMap { $0 }
  }

  package func commandLine(_ context: ScreenContext) -> String? {
    "larder backend test --config FILE"
  }

  private func seen(_ context: ScreenContext) -> Int {
    max(1, Table.rowsSeen(in: parts(context.size.region).table))
  }

  // MARK: - Drawing

  private func parts(_ region: Region) -> (table: Region, detail: Region) {
    // The stores are few: what is known of one of them gets the room.
    let rows = min(max(3, list.rows.count + 2), max(2, region.rows / 2))
    let (top, rest) = region.split(top: rows)
    return (top, rest)
  }

  package func draw(
    into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    let (table, detail) = parts(region)
    let (brush, figures) = (context.brush, Figures(context.brush))
    list.table(
      [
        TableColumn("Backend", Share(minimum: 10, ideal: 16, priority: 10)),
        TableColumn("State", Share(minimum: 9, ideal: 14, priority: 9)),
        TableColumn("For", Share(minimum: 6, ideal: 6, priority: 7), isRight: true),
        TableColumn("p50", Share(minimum: 6, ideal: 7, priority: 8), isRight: true),
        TableColumn("p99", Share(minimum: 6, ideal: 7, priority: 8), isRight: true),
        TableColumn("Calls", Share(minimum: 7, ideal: 8, priority: 5), isRight: true),
        TableColumn("Failed", Share(minimum: 7, ideal: 8, priority: 6), isRight: true),
        TableColumn("Retries", Share(minimum: 7, ideal: 8, priority: 4), isRight: true),
        TableColumn("Answered", Share(minimum: 8, ideal: 9, priority: 3), isRight: true),
        TableColumn("", Share(minimum: 0, ideal: 0, weight: 1)),
      ], in: table,
      whenEmpty: context.snapshot == nil ? "waiting for the engine" : "no cold store is configured"
    ) { row in
      let backend = row.view
      let health = BackendHealth(backend.state, brush)
      return [
        Words(shown(backend.name, in: brush.glyphs.alphabet), .strong),
        Words("\(health.sign) \(health.word)", health.role),
        Words(figures.duration(health.trouble.map { max(.zero, context.now - $0.since) }), .dim),
        Words(figures.duration(backend.latency?.p50)),
        Words(figures.duration(backend.latency?.p99)),
        Words(figures.count(Int(clamping: backend.calls))),
        Words(
          figures.count(Int(clamping: backend.failures)), backend.failures > 0 ? .warning : .dim),
        Words(figures.count(Int(clamping: backend.retries)), .dim),
        Words(
          figures.duration(backend.lastAnswer.map { max(.zero, context.now - $0) }), .dim),
      ]
    }.draw(into: &surface, table, brush)
    guard let row = list.selected, detail.rows >= 3 else { return }
    drawDetail(row.view, into: &surface, detail, context)
  }

  private func drawDetail(
    _ backend: BackendView, into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    let (brush, figures) = (context.brush, Figures(context.brush))
    let health = BackendHealth(backend.state, brush)
    var facts = Facts()
    facts.nameColumns = 14
    facts.add(
      "used for",
      [Words(backend.isPrimary ? "uploads and restores" : "restores that the primary cannot give")])
    facts.add("state", [Words("\(health.sign) \(health.word)", health.role)])
    if let trouble = health.trouble {
      let time = figures.duration(max(.zero, context.now - trouble.since)).trimmed
      facts.add("since", [Words("\(time) ago"), Words("  \(trouble.since)", .dim)])
      facts.add("why", [Words(shown(trouble.reason, in: brush.glyphs.alphabet), .warning)])
    }
    facts.add(
      "last answer",
      [
        Words(
          backend.lastAnswer.map {
            "\(figures.duration(max(.zero, context.now - $0)).trimmed) ago"
          } ?? "it never answered")
      ])
    facts.add(
      "latency",
      [
        Words("p50 ", .label), Words(figures.duration(backend.latency?.p50).trimmed),
        Words("  p99 ", .label), Words(figures.duration(backend.latency?.p99).trimmed),
        Words(
          backend.latency.map { "  of the last \(counted(UInt64($0.count), "call"))" } ?? "", .dim),
      ])
    let share =
      backend.calls > 0 ? Double(backend.failures) / Double(backend.calls) : nil
    facts.add(
      "calls",
      [
        Words(Figures.grouped(Int(clamping: backend.calls))),
        Words("  failed ", .label),
        Words(
          Figures.grouped(Int(clamping: backend.failures)),
          backend.failures > 0 ? .warning : .text),
        Words(" (\(figures.share(share).trimmed))", .dim), Words("  retries ", .label),
        Words(Figures.grouped(Int(clamping: backend.retries))),
      ])
    if backend.isPrimary, let snapshot = context.snapshot {
      facts.add(
        "waits for it",
        [
          Words(counted(snapshot.files.atRisk.files)),
          Words(", \(ByteCount(snapshot.files.atRisk.bytes)) not stored", .dim),
        ])
      facts.add(
        "holds alone",
        [
          Words(counted(snapshot.files.cold.files)),
          Words(", \(ByteCount(snapshot.files.cold.bytes)) cold", .dim),
        ])
    }
    let lines = facts
    let histogram = LatencyHistogram(backend.latency, roles: (first: .chart2, second: .chart3))
    Pane.draw(
      [
        Pane(
          shown(backend.name, in: brush.glyphs.alphabet),
          rows: Share(minimum: 1, ideal: facts.lines.count, weight: 0, priority: 2)
        ) { surface, region in lines.draw(into: &surface, region, brush) },
        Pane(
          "How long its last calls took",
          rows: Share(minimum: 3, ideal: histogram.rowsIdeal, weight: 1, priority: 1)
        ) { surface, region in histogram.draw(into: &surface, region, brush) },
      ], into: &surface, region, brush)
  }

  package func json(_ context: ScreenContext) -> JSONValue {
    .object(["backends": .array((context.snapshot?.backends ?? []).map(\.json))])
  }
}

/// How the state of a cold store looks.
struct BackendHealth {
  let sign: String
  let role: Role
  let word: String
  let trouble: Trouble?

  init(_ state: BackendState, _ brush: Brush) {
    let glyphs = brush.glyphs
    switch state {
    case .unknown:
      (sign, role, word, trouble) = (String(glyphs.unknown), .unknown, "not asked yet", nil)
    case .up: (sign, role, word, trouble) = (String(glyphs.check), .good, "up", nil)
    case .down(let why): (sign, role, word, trouble) = (String(glyphs.failure), .bad, "down", why)
    case .refusing(let why):
      (sign, role, word, trouble) = (String(glyphs.failure), .bad, "refuses us", why)
    }
  }
}
