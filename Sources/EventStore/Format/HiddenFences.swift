// How far the log may be seen while fences are open. `visible` is one number, so a fence is whole to
// a reader only if that number never falls between its first member and its end:
//
//   fence A   |first · · · · committed|
//   fence B            |first · · · · · · · · still open
//   visible  ▲ before A, although A ended: its members behind B's first cannot be seen yet
//
// Cancelled fences hide nothing, for their members are never shown.

/// The fences that ended while another was open.
struct HiddenFences {
  /// From the first member to the record that committed it.
  private var committed: [ClosedRange<UInt64>] = []

  /// Notes that a fence was committed.
  mutating func commit(_ fence: UInt64, by record: UInt64) {
    guard fence < record else { return }
    committed.append(fence...record)
  }

  /// The last sequence that may be seen when all up to `last` are durable, and these are the first
  /// members of the fences that are open.
  mutating func visible(upTo last: UInt64, openAt firsts: some Sequence<UInt64>) -> UInt64 {
    var visible = min(last, firsts.min().map { $0 - 1 } ?? last)
    while let cut = committed.filter({ $0.contains(visible) && $0.upperBound > visible })
      .map(\.lowerBound).min()
    {
      visible = cut - 1
    }
    committed.removeAll { $0.upperBound <= visible }
    return visible
  }
}
