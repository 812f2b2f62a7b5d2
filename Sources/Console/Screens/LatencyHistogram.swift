// How calls lie by the time that they took, as rows of bars: from the first step that any call lies in to the
// last, neighbours put together where there are fewer rows than steps.

internal import Ambient
internal import Terminal
internal import Views
internal import Widgets

/// The latencies of one or two kinds of calls.
struct LatencyHistogram {
  private let first: [Int]
  private let second: [Int]
  private let roles: (first: Role, second: Role)

  init(_ first: LatencyView?, _ second: LatencyView? = nil, roles: (first: Role, second: Role)) {
    func steps(_ latency: LatencyView?) -> [Int] {
      let steps = latency?.steps ?? []
      return steps + [Int](repeating: 0, count: max(0, DurationSteps.count - steps.count))
    }
    (self.first, self.second, self.roles) = (steps(first), steps(second), roles)
  }

  /// The steps that calls lie in, and those between; nil where none is known.
  private var range: ClosedRange<Int>? {
    let taken = (0..<DurationSteps.count).filter { first[$0] + second[$0] > 0 }
    guard let low = taken.first, let high = taken.last else { return nil }
    return low...high
  }

  /// How many rows show every step.
  var rowsIdeal: Int { range?.count ?? 1 }

  func draw(into surface: inout Surface, _ region: Region, _ brush: Brush) {
    guard let range, region.rows > 0 else {
      surface.draw(Words("nobody asked yet", .dim), in: region.line(0), brush: brush)
      return
    }
    let together = (range.count + region.rows - 1) / region.rows
    let buckets = stride(from: range.lowerBound, through: range.upperBound, by: together)
      .map { low -> Histogram.Bucket in
        let high = min(low + together - 1, DurationSteps.count - 1)
        return Histogram.Bucket(
          Self.name(of: high, brush), first[low...high].reduce(0, +),
          second[low...high].reduce(0, +))
      }
    Histogram(buckets, roles: roles).draw(into: &surface, region, brush)
  }

  private static func name(of step: Int, _ brush: Brush) -> String {
    let figures = Figures(brush)
    guard step < DurationSteps.bounds.count else {
      return "longer"
    }
    let bound = DurationSteps.bounds[step]
    // The bounds are whole, so seconds need no tenths.
    return "< "
      + (bound < .seconds(1) ? figures.duration(bound).trimmed : "\(bound.components.seconds) s")
  }
}
