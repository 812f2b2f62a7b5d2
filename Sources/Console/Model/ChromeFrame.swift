// Where the parts of a console lie at a size: title, tabs and banner above, the body, the status line
// below. What there is no room for goes, the tabs first and the title last; one row is all body.

package import Terminal

/// The regions of a console.
package struct ChromeFrame: Hashable, Sendable {
  package var title: Region?
  package var tabs: Region?
  package var banner: Region?
  package var body: Region
  package var status: Region?

  /// Below this many rows the title stands alone, without tabs and banner.
  static let rowsForTabs = 14
  static let columnsForTabs = 40

  package init(_ size: GridSize, hasBanner: Bool) {
    var rest = size.region
    if size.rows >= 4 {
      let (top, below) = rest.split(top: 1)
      (title, rest) = (top, below)
    }
    if size.rows >= 3 {
      let (above, bottom) = rest.split(bottom: 1)
      (rest, status) = (above, bottom)
    }
    let isRoomy = size.rows >= Self.rowsForTabs && size.columns >= Self.columnsForTabs
    if isRoomy {
      let (top, below) = rest.split(top: 1)
      (tabs, rest) = (top, below)
    }
    if isRoomy && hasBanner {
      let (top, below) = rest.split(top: 1)
      (banner, rest) = (top, below)
    }
    body = rest
  }

  /// How large the body is.
  package var bodySize: GridSize { GridSize(rows: body.rows, columns: body.columns) }
}
