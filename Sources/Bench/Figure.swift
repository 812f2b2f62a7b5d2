// A measured figure: the value of each run, the rival's, and whether the bar is met. What counts is
// the median; the lowest and highest run tell how far to trust it.

/// What a figure counts.
package enum Quantity: String, Sendable {
  case bytesPerSecond = "B/s"
  case perSecond = "1/s"
  case seconds = "s"
  case bytes = "B"
  /// Bytes a second that are a burden, such as those sent over a line.
  case traffic = "B/s sent"
  /// How often a second something happens that had better not.
  case times = "times/s"
  /// A share of a whole, 1 being all of it.
  case share = "of 1"

  /// Whether less is better.
  package var isCost: Bool {
    switch self {
    case .seconds, .bytes, .traffic, .times, .share: true
    case .bytesPerSecond, .perSecond: false
    }
  }
}

/// What a figure has to reach.
package enum Bar: Equatable, Sendable {
  /// So many times the rival's figure, at least; at most, where less is better.
  case ratio(Double)
  /// This value, at least; at most, where less is better.
  case value(Double)
  /// Both of these.
  case both(ratio: Double, value: Double)
  /// One of these is enough.
  case either(ratio: Double, value: Double)
}

/// The runs of one side.
package struct Runs: Equatable, Sendable {
  package let values: [Double]

  package init(_ values: [Double]) {
    precondition(!values.isEmpty, "a figure has a run at least")
    self.values = values
  }

  package var lowest: Double { values.min() ?? 0 }
  package var highest: Double { values.max() ?? 0 }

  package var median: Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

/// What a figure is compared with.
package struct Rival: Equatable, Sendable {
  package enum Result: Equatable, Sendable {
    case measured(Runs)
    /// It could not be measured, for this reason.
    case missing(String)
  }

  package let name: String
  package let result: Result

  package init(name: String, result: Result) {
    self.name = name
    self.result = result
  }
}

/// One measured figure.
package struct Figure: Equatable, Sendable {
  package let name: String
  package let quantity: Quantity
  package let runs: Runs
  package let rival: Rival?
  package let bar: Bar?

  package init(name: String, quantity: Quantity, runs: Runs, rival: Rival? = nil, bar: Bar? = nil) {
    self.name = name
    self.quantity = quantity
    self.runs = runs
    self.rival = rival
    self.bar = bar
  }

  /// How many times the rival's figure this one is; nil when there is nothing to compare with.
  package var ratio: Double? {
    guard case .measured(let theirs) = rival?.result, theirs.median > 0 else { return nil }
    return runs.median / theirs.median
  }

  /// Whether the bar is met; nil when there is none, or what it compares with is missing.
  package var isMet: Bool? {
    switch bar {
    case .value(let wanted): meets(runs.median, wanted)
    case .ratio(let wanted): ratio.map { meets($0, wanted) }
    case .both(let wanted, let value):
      meets(runs.median, value) ? ratio.map { meets($0, wanted) } : false
    case .either(let wanted, let value):
      meets(runs.median, value) ? true : ratio.map { meets($0, wanted) }
    case nil: nil
    }
  }

  private func meets(_ value: Double, _ wanted: Double) -> Bool {
    quantity.isCost ? value <= wanted : value >= wanted
  }
}
