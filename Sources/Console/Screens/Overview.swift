// The first screen: what is wrong now, on top and worst first, and how everything else is. When
// nothing is wrong a single quiet line says so. Whatever is not known is shown as not known.

internal import Ambient
package import Bytes
package import Terminal
internal import Triage
internal import Views
package import Widgets

/// The overview.
package struct Overview: Screen {
  /// The columns from which on panes stand in two and in three columns.
  private static let columnsForTwo = 72
  private static let columnsForThree = 150
  /// The spare rows from which on what is over is told too.
  private static let rowsForPast = 5
  /// The most rows that this takes.
  private static let rowsOfPastMax = 10
  /// The most conditions that take more than one line each.
  static let conditionsAtLengthMax = 3

  private var cursor = ListCursor<ConditionID>()

  package init() {}

  /// What tells one condition from another, whatever its place.
  struct ConditionID: Hashable {
    let rule: String
    let subject: String

    init(_ condition: Condition) {
      (rule, subject) = (condition.rule, condition.diagnosis.subject)
    }
  }

  package var showsSnapshot: Bool { true }

  package mutating func handle(
    _ event: ScreenEvent, _ context: ScreenContext
  ) -> [ScreenRequest] {
    let conditions = context.conditions
    switch event {
    case .entered, .news, .resized:
      cursor.follow(
        count: conditions.count, rows: max(1, conditions.count),
        place: { id in conditions.firstIndex { ConditionID($0) == id } },
        identity: { ConditionID(conditions[$0]) })
      return []
    case .command(.open): return help(context)
    case .command(let name):
      guard
        let place = name.place(from: cursor.index, rows: 5, of: conditions.count)
      else { return [.say(.refused("there is nothing to do that to on the overview"))] }
      guard !conditions.isEmpty else { return [.say(Notice("nothing is wrong", .dim))] }
      cursor.go(to: place, rows: conditions.count, of: conditions.count) {
        ConditionID(conditions[$0])
      }
      return []
    default: return []
    }
  }

  /// The condition that is selected.
  func selected(_ context: ScreenContext) -> Condition? {
    context.conditions.first { ConditionID($0) == cursor.selected } ?? context.conditions.first
  }

  /// Leads to what helps against what is selected.
  private func help(_ context: ScreenContext) -> [ScreenRequest] {
    guard let condition = selected(context) else { return [.say(Notice("nothing is wrong", .dim))] }
    let remedy = condition.diagnosis.remedy
    let name = CommandName(remedy.command)
    guard context.commands[name] != nil else { return [.say(Notice(remedy.advice))] }
    return [.run(name)]
  }

  package func hints(_ context: ScreenContext) -> [KeyHint] {
    guard let condition = selected(context) else { return [] }
    let remedy = CommandName(condition.diagnosis.remedy.command)
    let label = context.commands[remedy]?.label ?? "advice"
    return [context.hint(.open, label)].compactMap { $0 }
  }

  package func commandLine(_ context: ScreenContext) -> String? {
    "larder console --once overview --json"
  }

  // MARK: - Drawing

  package func draw(
    into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    guard let snapshot = context.snapshot else {
      let words = "waiting for the engine's first figures"
      surface.draw(
        Words(words, .dim), in: region.centred(rows: 1, columns: columnCount(of: words)),
        brush: context.brush)
      return
    }
    let conditions = ConditionList(
      context.conditions, selected: selected(context).map { ConditionID($0) }, context)
    let rows = conditions.rows(of: region)
    let (top, rest) = region.split(top: rows)
    conditions.draw(into: &surface, top)
    let panes = OverviewPanes(snapshot, context)
    let columns = arrangement(panes, rest)
    let gap = columns.count > 1 ? 1 : 0
    let shares = columns.map { _ in Share(minimum: 20, ideal: 20, weight: 1) }
    let lately = panes.lately
    let spare = rest.rows - (columns.map { Pane.idealRows($0) }.max() ?? 0)
    let isRoomy =
      region.columns >= Self.columnsForTwo && spare >= Self.rowsForPast
      && panes.knowsPast
    let (main, below) = rest.split(top: rest.rows - (isRoomy ? spare : 0))
    for (column, place) in zip(columns, main.columns(shares, gap: gap)) {
      guard let place else { continue }
      Pane.draw(column, into: &surface, place, context.brush)
    }
    if below.rows > 0 {
      let rows = min(max(Self.rowsForPast, Pane.idealRows([lately])), Self.rowsOfPastMax)
      Pane.draw([lately], into: &surface, below.split(top: rows).top, context.brush)
    }
  }

  /// Which panes stand in which column.
  private func arrangement(_ panes: OverviewPanes, _ region: Region) -> [[Pane]] {
    if region.columns >= Self.columnsForThree {
      return [
        [panes.cache, panes.files] + panes.waitsWhenTall, [panes.uploads, panes.restores],
        [panes.backends, panes.engine, panes.moving],
      ]
    }
    if region.columns >= Self.columnsForTwo {
      return [
        [panes.cache, panes.files, panes.engine] + panes.waitsWhenTall,
        [panes.uploads, panes.restores, panes.backends, panes.moving],
      ]
    }
    return [
      [
        panes.cache, panes.files, panes.uploads, panes.restores, panes.backends, panes.engine,
        panes.moving,
      ]
    ]
  }

  package func json(_ context: ScreenContext) -> JSONValue {
    guard let snapshot = context.snapshot else { return .null }
    return .object([
      "conditions": .array(context.conditions.map(\.json)),
      "taken": .string("\(snapshot.taken)"),
      "snapshot": snapshot.shownJSON,
    ])
  }
}

extension ScreenEntry {
  package static let overview = ScreenEntry(.overview, "Overview") { Overview() }
}
