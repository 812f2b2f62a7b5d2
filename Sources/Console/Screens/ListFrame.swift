// Where the lines of a screen with a list stand: heads above it, of which those that there is no room for
// are left out, the list, and below it the line in which a person types.

internal import Terminal
internal import Widgets

/// The regions of a screen with a list.
struct ListFrame: Sendable {
  /// One for each head that was asked for; nil for those that were left out.
  private(set) var heads: [Region?] = []
  private(set) var list: Region
  private(set) var prompt: Region?

  /// Heads of so many rows each, shown from so many rows of the region on.
  init(_ region: Region, heads wanted: [(rows: Int, from: Int)] = [], hasPrompt: Bool) {
    list = region
    for head in wanted {
      guard region.rows >= head.from else {
        heads.append(nil)
        continue
      }
      let (top, below) = list.split(top: head.rows)
      heads.append(top)
      list = below
    }
    if hasPrompt {
      let (above, bottom) = list.split(bottom: 1)
      (list, prompt) = (above, bottom)
    }
  }

  /// Rows of the list that are seen, one at least.
  var seen: Int { max(1, Table.rowsSeen(in: list)) }
}
