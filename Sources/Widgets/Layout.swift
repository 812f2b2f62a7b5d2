// How room is shared. Panes say what they need, what they like and how much they matter; when there
// is not enough for all, the least important go, down to one, and what remains gets its ideal in the
// order of importance before what is left over is shared by weight. The same arithmetic serves rows,
// columns and the columns of a table.

package import Terminal

/// What one of several side by side needs.
package struct Share: Hashable, Sendable {
  /// Below this it is of no use and is left out.
  package var minimum: Int
  package var ideal: Int
  /// Its part of what is left over; 0 takes none.
  package var weight: Int
  /// What matters more has the greater number, and goes last.
  package var priority: Int

  package init(minimum: Int, ideal: Int, weight: Int = 0, priority: Int = 0) {
    self.minimum = minimum
    self.ideal = max(ideal, minimum)
    self.weight = weight
    self.priority = priority
  }
}

/// Where each of several side by side begins and ends; nil for one that was left out.
///
/// The last one that stays is never left out, whatever it needs.
package func shared(_ extent: Int, among shares: [Share], gap: Int = 0) -> [Range<Int>?] {
  var kept = Array(shares.indices)
  func needed() -> Int {
    kept.reduce(0) { $0 + shares[$1].minimum } + gap * max(0, kept.count - 1)
  }
  while kept.count > 1, needed() > extent {
    // Of equals the last goes first.
    let least = kept.indices.min { one, other in
      let (a, b) = (shares[kept[one]].priority, shares[kept[other]].priority)
      return a == b ? one > other : a < b
    }
    kept.remove(at: least ?? kept.count - 1)
  }
  guard !kept.isEmpty, extent > 0 else { return shares.map { _ in nil } }
  var sizes = shares.map(\.minimum)
  var left = max(0, extent - needed())
  let byPriority = kept.sorted { one, other in
    let (a, b) = (shares[one].priority, shares[other].priority)
    return a == b ? one < other : a > b
  }
  for index in byPriority {
    let more = min(left, shares[index].ideal - shares[index].minimum)
    sizes[index] += more
    left -= more
  }
  var weights = kept.reduce(0) { $0 + shares[$1].weight }
  for index in kept where weights > 0 {
    let more = left * shares[index].weight / weights
    sizes[index] += more
    left -= more
    weights -= shares[index].weight
  }
  var ranges: [Range<Int>?] = shares.map { _ in nil }
  var start = 0
  for index in kept {
    let end = min(extent, start + sizes[index])
    ranges[index] = start..<max(start, end)
    start = end + gap
  }
  return ranges
}

extension Region {
  /// Shares the region among rows of panes, top down; nil for one that was left out.
  package func rows(_ shares: [Share], gap: Int = 0) -> [Region?] {
    shared(rows, among: shares, gap: gap).map { range in
      range.map {
        Region(row: row + $0.lowerBound, column: column, rows: $0.count, columns: columns)
      }
    }
  }

  /// Shares the region among columns of panes, left to right; nil for one that was left out.
  package func columns(_ shares: [Share], gap: Int = 0) -> [Region?] {
    shared(columns, among: shares, gap: gap).map { range in
      range.map { Region(row: row, column: column + $0.lowerBound, rows: rows, columns: $0.count) }
    }
  }
}
