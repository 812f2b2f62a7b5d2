// A bar that says how full something is, with its two watermarks, beside the number that says it
// exactly. Above a watermark the bar changes its role and, for whoever sees no colours, shows a sign
// behind it.

package import Terminal

/// How full something is.
package struct Gauge: Sendable {
  /// From 0 to 1, or more when it is overfull; nil is unknown.
  package var share: Double?
  /// Where it should stay below, and where it must not come.
  package var low: Double?
  package var high: Double?
  /// What stands behind the bar, already padded to its columns.
  package var figure: String

  package init(_ share: Double?, low: Double? = nil, high: Double? = nil, figure: String) {
    self.share = share
    self.low = low
    self.high = high
    self.figure = figure
  }

  /// The fewest columns of a bar that says anything.
  private static let barMinimum = 4

  package func draw(into surface: inout Surface, _ region: Region, _ brush: Brush) {
    let line = region.line(0)
    let figureColumns = columnCount(of: figure) + 2
    let barColumns = brush.drawsCharts ? line.columns - figureColumns - 1 : 0
    guard barColumns >= Self.barMinimum else {
      surface.draw([Words(figure, role), Words(sign(brush), role)], in: line, brush: brush)
      return
    }
    let (bar, rest) = line.split(left: barColumns)
    drawBar(into: &surface, bar, brush)
    let behind = rest.split(left: 1).rest
    surface.draw([Words(figure), Words(sign(brush), role)], in: behind, brush: brush)
  }

  /// What the fill means.
  package var role: Role {
    guard let share else { return .unknown }
    if let high, share >= high { return .gaugeOver }
    if let low, share >= low { return .gaugeHigh }
    return .gaugeFill
  }

  private func sign(_ brush: Brush) -> String {
    switch role {
    case .gaugeOver: " " + String(brush.glyphs.warning)
    case .gaugeHigh: " " + String(brush.glyphs.up == "^" ? "^" : "△")
    default: ""
    }
  }

  private func drawBar(into surface: inout Surface, _ bar: Region, _ brush: Brush) {
    surface.fill(bar, Style(.gaugeEmpty), with: brush.glyphs.barEmpty)
    if let share {
      let parts = brush.glyphs.bar
      let eighths = Int((min(max(share, 0), 1) * Double(bar.columns * parts.count)).rounded())
      // Something is never drawn as nothing.
      let filled = share > 0 ? max(1, eighths) : 0
      let (whole, part) = (filled / parts.count, filled % parts.count)
      surface.fill(bar.split(left: whole).left, Style(role), with: parts[parts.count - 1])
      if part > 0 {
        let next = bar.split(left: whole).rest.split(left: 1).left
        surface.fill(next, Style(role), with: parts[part - 1])
      }
    }
    for mark in [low, high].compactMap({ $0 }) where mark > 0 && mark < 1 {
      let column = min(bar.columns - 1, Int(mark * Double(bar.columns)))
      let place = bar.split(left: column).rest.split(left: 1).left
      surface.fill(place, Style(.gaugeWatermark), with: brush.glyphs.watermark)
    }
  }
}
