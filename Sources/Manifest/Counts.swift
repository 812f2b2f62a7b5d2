// Files and bytes, by state and by whether they are hot. They are kept as transitions come, never
// counted, so asking costs nothing however many files there are; a difference of two counts is a
// count too, which is why its numbers are signed.

/// Some files and their bytes.
package struct Amount: Hashable, Sendable {
  package var files: Int64
  package var bytes: Int64

  package static let none = Amount(files: 0, bytes: 0)

  package init(files: Int64, bytes: Int64) {
    self.files = files
    self.bytes = bytes
  }

  package static func + (left: Amount, right: Amount) -> Amount {
    Amount(files: left.files + right.files, bytes: left.bytes + right.bytes)
  }

  package static func - (left: Amount, right: Amount) -> Amount {
    Amount(files: left.files - right.files, bytes: left.bytes - right.bytes)
  }
}

/// What one file adds to counts.
struct Share: Hashable, Sendable {
  let state: FileState
  let isHot: Bool
  let bytes: Int64
  /// Clean and hot, and no eviction takes it.
  let isPinned: Bool
  /// Dirty, and waiting for its next attempt.
  let isWaiting: Bool

  init(
    state: FileState, isHot: Bool, bytes: Int64, isPinned: Bool = false, isWaiting: Bool = false
  ) {
    self.state = state
    self.isHot = isHot
    self.bytes = bytes
    self.isPinned = isPinned
    self.isWaiting = isWaiting
  }

  /// What a row adds; nil for a file that is absent.
  init?(_ row: FileRow?) {
    guard let row else { return nil }
    self.init(
      state: row.state, isHot: row.isHot, bytes: Int64(clamping: row.size),
      isPinned: row.isPinned && row.isHot && row.state == .clean,
      isWaiting: row.retryAt != nil && row.state == .dirty)
  }
}

/// Files and bytes by state, hot and cold.
package struct Counts: Hashable, Sendable {
  private var amounts = [Amount](repeating: .none, count: Counts.slots)
  /// Those that are clean and hot, and pinned; counted in their state as well.
  package internal(set) var pinned = Amount.none
  /// Dirty ones whose next attempt has a time; counted in their state as well.
  package internal(set) var waiting = Amount.none

  private static let slots = 2 * FileState.allCases.count

  package init() {}

  private static func slot(_ state: FileState, _ isHot: Bool) -> Int {
    2 * (Int(state.rawValue) - 1) + (isHot ? 1 : 0)
  }

  /// The files of one state that are hot, or that are cold.
  package subscript(_ state: FileState, hot isHot: Bool) -> Amount {
    get { amounts[Self.slot(state, isHot)] }
    set { amounts[Self.slot(state, isHot)] = newValue }
  }

  /// The files of one state.
  package subscript(_ state: FileState) -> Amount {
    self[state, hot: true] + self[state, hot: false]
  }

  /// Those that an eviction may take.
  package var evictable: Amount { self[.clean, hot: true] - pinned }
  /// All files.
  package var total: Amount { amounts.reduce(.none, +) }
  /// Those with a copy in the depot.
  package var hot: Amount { FileState.allCases.reduce(.none) { $0 + self[$1, hot: true] } }
  /// Those without one.
  package var cold: Amount { FileState.allCases.reduce(.none) { $0 + self[$1, hot: false] } }
  /// Those whose bytes exist nowhere but in the depot.
  package var atRisk: Amount { self[.dirty] + self[.failed] }

  mutating func add(_ share: Share?) { change(share, by: 1) }

  mutating func remove(_ share: Share?) { change(share, by: -1) }

  private mutating func change(_ share: Share?, by sign: Int64) {
    guard let share else { return }
    let amount = Amount(files: sign, bytes: sign * share.bytes)
    self[share.state, hot: share.isHot] = self[share.state, hot: share.isHot] + amount
    if share.isPinned { pinned = pinned + amount }
    if share.isWaiting { waiting = waiting + amount }
  }

  package static func + (left: Counts, right: Counts) -> Counts {
    var sum = left
    for slot in 0..<slots { sum.amounts[slot] = left.amounts[slot] + right.amounts[slot] }
    sum.pinned = left.pinned + right.pinned
    sum.waiting = left.waiting + right.waiting
    return sum
  }
}
