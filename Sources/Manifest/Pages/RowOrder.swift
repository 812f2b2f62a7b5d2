// The orders in which rows are shown. Each is an index, ended by the row's number so that no two
// rows have one place, and a page goes on behind a place: whatever was inserted or removed before it
// meanwhile moves nothing. A place is found by its longest common beginning first (the same state
// and age, a later number), then by shorter ones, so that a million rows of one size cost nothing.

internal import Ambient
internal import DurableFiles
internal import SQLite

/// By what rows are ordered.
package enum RowOrder: String, CaseIterable, Hashable, Sendable {
  case path
  case size
  case accessed
  /// By state, and in each by when it began.
  case state
  /// By the deadline of the next attempt; those that wait for none are left out.
  case retry
  /// By directory, and in each by name.
  case directory
}

/// Which way an order goes.
package enum RowDirection: Hashable, Sendable {
  case ascending, descending
}

/// A place in an order, behind which a page goes on.
package struct RowPlace: Hashable, Sendable {
  package let order: RowOrder
  let numbers: [Int64]
  let path: [UInt8]
  let id: Int64
}

/// Some rows, and where to go on.
package struct RowPage: Sendable {
  package var rows: [FileRow]
  /// Nil when nothing lay behind when the page was read.
  package var next: RowPlace?
}

/// What a page is asked for.
package struct RowQuery: Hashable, Sendable {
  package var order: RowOrder
  package var direction: RowDirection
  /// Only paths that begin so; in the order of paths, and in no other.
  package var prefix: [UInt8]
  /// Only files of this state; in the order of states, and in no other.
  package var state: FileState?
  package var limit: Int

  package init(
    _ order: RowOrder = .path, _ direction: RowDirection = .ascending, prefix: [UInt8] = [],
    state: FileState? = nil, limit: Int = 200
  ) {
    precondition(prefix.isEmpty || order == .path, "a prefix is asked for in the order of paths")
    precondition(state == nil || order == .state, "a state is asked for in the order of states")
    self.order = order
    self.direction = direction
    self.prefix = prefix
    self.state = state
    self.limit = max(1, min(limit, Self.rowsMax))
  }

  /// The most rows of one page.
  package static let rowsMax = 10_000
}

extension RowOrder {
  /// What it compares before the row's number.
  var columns: [String] {
    switch self {
    case .path: ["path"]
    case .size: ["size"]
    case .accessed: ["accessed"]
    case .state: ["state", "changed"]
    case .retry: ["retry"]
    case .directory: ["directory", "name"]
    }
  }

  /// The place of a row.
  func place(of kept: KeptRow) -> RowPlace {
    let row = kept.row
    let numbers: [Int64] =
      switch self {
      case .path, .directory: []
      case .size: [Int64(clamping: row.size)]
      case .accessed: [row.accessed.microseconds]
      case .state: [Int64(row.state.rawValue), row.changed.microseconds]
      case .retry: [row.retryAt?.microseconds ?? 0]
      }
    return RowPlace(order: self, numbers: numbers, path: row.path.bytes, id: kept.id)
  }
}
