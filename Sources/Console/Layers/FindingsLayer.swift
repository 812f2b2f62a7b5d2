// The damage that checks have found: which file, what is wrong with it, since when.

internal import Ambient
internal import Terminal
internal import Views
internal import Widgets

/// The list of findings.
struct FindingsLayer: Screen {
  private var cursor = ListCursor<String>()

  mutating func handle(_ event: ScreenEvent, _ context: ScreenContext) -> [ScreenRequest] {
    let findings = context.snapshot?.findings ?? []
    let rows = max(1, context.size.rows - 4)
    switch event {
    case .entered, .news, .resized:
      cursor.follow(
        count: findings.count, rows: rows,
        place: { path in findings.firstIndex { $0.path == path } }, identity: { findings[$0].path })
    case .command(let name):
      guard
        let place = name.place(from: cursor.index, rows: rows, of: findings.count)
      else { return [.say(.refused("Esc closes the findings"))] }
      cursor.go(to: place, rows: rows, of: findings.count) { findings[$0].path }
    default: break
    }
    return []
  }

  var selection: Selection? { cursor.selected.map { Selection(paths: [$0]) } }

  func hints(_ context: ScreenContext) -> [KeyHint] {
    [.down, .verify, .acknowledge, .back].compactMap { context.hint($0) }
  }

  func draw(into surface: inout Surface, _ region: Region, _ context: ScreenContext) {
    let findings = context.snapshot?.findings ?? []
    let all = max(context.snapshot?.findingsCount ?? 0, findings.count)
    let box = region.centred(rows: max(findings.count + 3, 5), columns: min(region.columns, 100))
    surface.fill(box, Style(.text, on: .popup))
    let border = Border(
      [Words("Findings", .popupTitle)],
      note: all > findings.count ? [Words("the newest \(findings.count) of \(all)", .dim)] : [],
      isFocused: true, on: .popup)
    let inner = border.draw(into: &surface, box, context.brush).inset(columns: 1)
    let seen = cursor.visible(rows: Table.rowsSeen(in: inner), of: findings.count)
    let figures = Figures(context.brush)
    let rows = findings[seen].map { finding in
      TableRow([
        Words(finding.path, .strong), Words(finding.fault),
        Words(figures.duration(context.now - finding.found).trimmed, .dim),
      ])
    }
    Table(
      [
        TableColumn("File", Share(minimum: 12, ideal: 40, weight: 1, priority: 3), cut: .middle),
        TableColumn("What is wrong", Share(minimum: 12, ideal: 40, weight: 1, priority: 2)),
        TableColumn("Since", Share(minimum: 6, ideal: 6, priority: 1), isRight: true),
      ], rows, top: seen.lowerBound, count: findings.count, cursor: cursor.index,
      whenEmpty: "no check has found damage"
    ).draw(into: &surface, inner, context.brush)
  }
}

extension CommandName {
  /// Where a movement leads in a list; nil when it is none.
  package func place(from index: Int, rows: Int, of count: Int) -> Int? {
    switch self {
    case .down: index + 1
    case .up: index - 1
    case .pageDown: index + max(1, rows)
    case .pageUp: index - max(1, rows)
    case .halfDown: index + max(1, rows / 2)
    case .halfUp: index - max(1, rows / 2)
    case .top: 0
    case .bottom: count - 1
    default: nil
    }
  }
}
