// The panes above the list of restores: how long readers wait, as figures and as they lie, and how many
// bytes come back a second.

internal import Ambient
internal import Terminal
internal import Views
internal import Widgets

/// What stands above the list of restores.
struct RestoresPanes {
  /// Rows of the panes with the figures alone, and with how they lie.
  static let rows = 6
  static let rowsAtLength = 15

  private let restores: RestoresView
  private let brush: Brush
  private let figures: Figures

  init(_ restores: RestoresView, _ context: ScreenContext) {
    self.restores = restores
    brush = context.brush
    figures = Figures(context.brush)
  }

  func draw(into surface: inout Surface, _ region: Region) {
    let panes = region.columns(
      [
        Share(minimum: 40, ideal: 58, weight: 1, priority: 2),
        Share(minimum: 30, ideal: 40, weight: 1, priority: 1),
      ], gap: 1)
    if let place = panes[0] {
      let isLong = region.rows >= Self.rowsAtLength
      let all = isLong ? [waits, lengths(rows: region.rows - Self.rows - 2)] : [waits]
      Pane.draw(all, into: &surface, place, brush)
    }
    if let place = panes[1] { Pane.draw([rate], into: &surface, place, brush) }
  }

  private var waits: Pane {
    var facts = Facts()
    facts.nameColumns = 12
    for (name, latency) in [("hits", restores.hits), ("misses", restores.misses)] {
      facts.add(
        name,
        [
          Words("p50 ", .label), Words(figures.duration(latency?.p50), .strong),
          Words("  p99 ", .label), Words(figures.duration(latency?.p99), .strong),
          Words(
            latency.map { "  of \(Figures.grouped($0.count))" } ?? "  nobody asked yet",
            .dim),
        ])
    }
    facts.add(
      "waiting",
      [
        Words(Figures.grouped(restores.inFlight.count), .stateRestoring),
        Words(" under way, ", .dim), Words(Figures.grouped(restores.queued)),
        Words(" wait for a place", .dim),
      ])
    facts.add(
      "since start",
      [
        Words(counted(restores.restored)), Words(", \(ByteCount(restores.restoredBytes))", .dim),
        Words(
          restores.failed == 0
            ? "" : ", \(Figures.grouped(Int(clamping: restores.failed))) failed", .bad),
      ])
    let (lines, brush) = (facts, brush)
    return Pane("How long a reader waits", rows: Share(minimum: 2, ideal: 4, priority: 2)) {
      surface, region in lines.draw(into: &surface, region, brush)
    }
  }

  private func lengths(rows: Int) -> Pane {
    let brush = brush
    let histogram = LatencyHistogram(
      restores.hits, restores.misses, roles: (first: .chart2, second: .chart3))
    return Pane(
      "Of the last requests",
      note: [Words("hits", .chart2), Words(" and ", .dim), Words("misses", .chart3)],
      rows: Share(minimum: 3, ideal: rows, weight: 1, priority: 1)
    ) { surface, region in histogram.draw(into: &surface, region, brush) }
  }

  private var rate: Pane {
    let (brush, rate) = (brush, restores.rate.bytesPerSecond)
    let newest = figures.rate(rate.last.map { ByteCount($0) }).trimmed
    return Pane(
      "Bytes restored a second", note: [Words(newest, .strong)],
      rows: Share(minimum: 2, ideal: 4, weight: 1)
    ) { surface, region in
      Sparkline(rate.map { Double($0) }, role: .chart3).draw(into: &surface, region, brush)
    }
  }
}
