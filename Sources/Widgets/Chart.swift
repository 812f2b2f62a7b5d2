// Series over time and distributions, as columns of eighths and as bars. A chart has no axes: it
// stands beside the numbers that say how much, and shows only the shape. What is not known is a gap.

package import Terminal

/// A series over time, the newest at the right, in as many rows as the region has.
package struct Sparkline: Sendable {
  /// The newest last; nil where nothing is known.
  package var values: [Double?]
  /// What fills the region; nil takes the largest that is shown.
  package var full: Double?
  package var role: Role

  package init(_ values: [Double?], full: Double? = nil, role: Role = .chart1) {
    self.values = values
    self.full = full
    self.role = role
  }

  package func draw(into surface: inout Surface, _ region: Region, _ brush: Brush) {
    guard brush.drawsCharts, !region.isEmpty else { return }
    let shown = values.suffix(region.columns)
    let largest = full ?? shown.compactMap { $0 }.max() ?? 0
    let heights = brush.glyphs.heights
    let steps = heights.count * region.rows
    for (offset, value) in shown.enumerated() {
      guard let value, value > 0, largest > 0 else { continue }
      // Something is never drawn as nothing.
      let filled = max(1, min(steps, Int((value / largest * Double(steps)).rounded())))
      let column = region.endColumn - shown.count + offset
      for row in 0..<region.rows {
        let part = min(heights.count, filled - row * heights.count)
        guard part > 0 else { break }
        let place = Region(row: region.endRow - 1 - row, column: column, rows: 1, columns: 1)
        surface.fill(place, Style(role), with: heights[part - 1])
      }
    }
  }
}

/// How often each of several things happened, one row each, with up to two kinds in a bar.
package struct Histogram: Sendable {
  /// One row: its name, how often, and how often of the second kind.
  package struct Bucket: Hashable, Sendable {
    package var name: String
    package var first: Int
    package var second: Int

    package init(_ name: String, _ first: Int, _ second: Int = 0) {
      self.name = name
      self.first = first
      self.second = second
    }
  }

  package var buckets: [Bucket]
  package var roles: (first: Role, second: Role)

  package init(_ buckets: [Bucket], roles: (first: Role, second: Role) = (.chart1, .chart2)) {
    self.buckets = buckets
    self.roles = roles
  }

  package func draw(into surface: inout Surface, _ region: Region, _ brush: Brush) {
    let names = buckets.map { columnCount(of: $0.name) }.max() ?? 0
    let figures = Figures(brush)
    let largest = max(1, buckets.map { $0.first + $0.second }.max() ?? 1)
    for (index, bucket) in buckets.prefix(region.rows).enumerated() {
      let (name, rest) = region.line(index).split(left: names)
      surface.draw(Words(bucket.name, .label), in: name, right: true, brush: brush)
      let (number, bar) = rest.split(left: Figures.countColumns + 1)
      surface.draw(
        Words(figures.count(bucket.first + bucket.second)), in: number, right: true, brush: brush)
      guard brush.drawsCharts, bar.columns > 1 else { continue }
      drawBar(bucket, largest, into: &surface, bar.split(left: 1).rest, brush)
    }
  }

  private func drawBar(
    _ bucket: Bucket, _ largest: Int, into surface: inout Surface, _ bar: Region, _ brush: Brush
  ) {
    let both = bucket.first + bucket.second
    guard both > 0 else { return }
    let length = max(1, bar.columns * both / largest)
    // Each kind that happened is seen, if there is room for both.
    var first = length * bucket.first / both
    if bucket.first > 0 { first = max(1, first) }
    if bucket.second > 0 && length > 1 { first = min(first, length - 1) }
    let full = brush.glyphs.bar[brush.glyphs.bar.count - 1]
    let half = brush.glyphs.alphabet == .unicode ? Unicode.Scalar("▒") : "="
    surface.fill(bar.split(left: first).left, Style(roles.first), with: full)
    let second = bar.split(left: first).rest.split(left: length - first).left
    surface.fill(second, Style(roles.second), with: half)
  }
}
