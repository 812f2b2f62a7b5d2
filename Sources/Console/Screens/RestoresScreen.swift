// The way of files back from the cold store: how long whoever asks has to wait, and what is under way now.
// A hit is a request for a file that was in the depot; a miss had to be restored.

internal import Ambient
package import Bytes
internal import Operations
package import Terminal
internal import Views
package import Widgets

extension ScreenEntry {
  package static let restores = ScreenEntry(.restores, "Restores") { RestoresScreen() }
}

/// The restores.
package struct RestoresScreen: Screen {
  private var list = RowList<TransferRow>()
  private var prompt: ListPrompt?
  private var sought = ""
  private var history: [String] = []

  package init() {}

  package var isTyping: Bool { prompt != nil }
  package var selection: Selection? { list.selection }

  package func hints(_ context: ScreenContext) -> [KeyHint] {
    [context.hint(.rehydrate), context.hint("show.jobs")].compactMap { $0 }
  }

  package func commandLine(_ context: ScreenContext) -> String? {
    "larder console --once restores --json"
  }

  // MARK: - Events

  package mutating func handle(
    _ event: ScreenEvent, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch event {
    case .entered, .news, .resized:
      list.replace(
        (context.snapshot?.restores.inFlight ?? []).map { TransferRow(view: $0) },
        seen: seen(context))
    case .key(let key):
      guard var field = prompt else { return [] }
      let upshot = field.take(key)
      prompt = field
      switch upshot {
      case .changed:
        sought = field.text
        if let place = list.place(of: sought, forward: true, fromHere: true) {
          list.go(to: place, seen: seen(context))
        }
      case .accepted: (prompt, history) = (nil, field.history)
      case .cancelled: prompt = nil
      case .stayed, .ignored: break
      }
    case .command(let name): return take(name, context)
    default: break
    }
    return []
  }

  private mutating func take(
    _ name: CommandName, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch name {
    case .open:
      guard let row = list.selected else { return [] }
      return [.open(FileLayer(row.id))]
    case .copy:
      guard let row = list.selected else { return [] }
      return [.copy(row.id), .say(.good("copied \(row.id)"))]
    case .find:
      prompt = ListPrompt(.find, history: history)
      return []
    case .findNext, .findPrevious:
      guard let place = list.place(of: sought, forward: name == .findNext) else {
        return [.say(.refused("'\(sought)' is not among these"))]
      }
      list.go(to: place, seen: seen(context))
      return []
    case .filter: return [.say(.refused("restores are too short-lived to filter"))]
    case .sort, .sortReverse: return [.say(.refused("the oldest stands first"))]
    default: break
    }
    return list.take(name, seen: seen(context))
      ? [] : [.say(.refused("there is nothing to do that to here"))]
  }

  // MARK: - Drawing

  private static let paneRows = 6

  private func parts(_ region: Region) -> (panes: Region?, list: Region, prompt: Region?) {
    var (rest, panes, line): (Region, Region?, Region?) = (region, nil, nil)
    if region.rows >= 14 {
      let (top, below) = rest.split(top: Self.paneRows)
      (panes, rest) = (top, below)
    }
    if prompt != nil {
      let (above, bottom) = rest.split(bottom: 1)
      (rest, line) = (above, bottom)
    }
    return (panes, rest, line)
  }

  private func seen(_ context: ScreenContext) -> Int {
    max(1, Table.rowsSeen(in: parts(context.size.region).list))
  }

  package func draw(
    into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    let parts = parts(region)
    if let place = parts.panes, let restores = context.snapshot?.restores {
      drawPanes(restores, into: &surface, place, context)
    }
    let empty =
      context.snapshot == nil
      ? "waiting for the engine" : "nothing is being restored; what is read and cold appears here"
    TransferTable(list, context, whenEmpty: empty, showsWaiting: true)
      .draw(into: &surface, parts.list)
    if let line = parts.prompt, let prompt { prompt.draw(into: &surface, line, context.brush) }
  }

  private func drawPanes(
    _ restores: RestoresView, into surface: inout Surface, _ region: Region,
    _ context: ScreenContext
  ) {
    let (brush, figures) = (context.brush, Figures(context.brush))
    var waits = Facts()
    for (name, latency) in [("hits", restores.hits), ("misses", restores.misses)] {
      waits.add(
        name,
        [
          Words("p50 ", .label), Words(figures.duration(latency?.p50), .strong),
          Words("  p99 ", .label), Words(figures.duration(latency?.p99), .strong),
          Words(
            latency.map { "  of \(Figures.grouped($0.count))" } ?? "  nobody asked yet",
            .dim),
        ])
    }
    waits.add(
      "waiting",
      [
        Words(Figures.grouped(restores.inFlight.count), .stateRestoring),
        Words(" under way, ", .dim), Words(Figures.grouped(restores.queued)),
        Words(" wait for a place", .dim),
      ])
    waits.add(
      "since start",
      [
        Words(counted(restores.restored)), Words(", \(ByteCount(restores.restoredBytes))", .dim),
        Words(
          restores.failed == 0
            ? "" : ", \(Figures.grouped(Int(clamping: restores.failed))) failed", .bad),
      ])
    waits.nameColumns = 12
    let (lines, rate) = (waits, restores.rate.bytesPerSecond)
    let panes = region.columns(
      [
        Share(minimum: 40, ideal: 58, priority: 2),
        Share(minimum: 30, ideal: 40, weight: 1, priority: 1),
      ], gap: 1)
    if let place = panes[0] {
      Pane.draw(
        [
          Pane("How long a reader waits", rows: Share(minimum: 2, ideal: 4, weight: 1)) {
            surface, region in lines.draw(into: &surface, region, brush)
          }
        ], into: &surface, place, brush)
    }
    if let place = panes[1] {
      let newest = figures.rate(rate.last.map { ByteCount($0) }).trimmed
      Pane.draw(
        [
          Pane(
            "Bytes restored a second", note: [Words(newest, .strong)],
            rows: Share(minimum: 2, ideal: 4, weight: 1)
          ) { surface, region in
            Sparkline(rate.map { Double($0) }, role: .chart3).draw(into: &surface, region, brush)
          }
        ], into: &surface, place, brush)
    }
  }

  package func json(_ context: ScreenContext) -> JSONValue {
    .object(["rows": .array(list.rows.map(\.view.json))])
  }
}
