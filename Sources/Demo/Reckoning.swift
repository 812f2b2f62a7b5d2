// What a reckoning came to: what was done, what is there, and whether the two agree.

import DurableFiles
package import Manifest

/// What came back when everything was read at the end.
package struct ReadBack: Equatable, Sendable {
  package var files = 0
  /// Files whose stored copy was damaged on purpose and that were refused, as they must be.
  package var refused = 0
  package var differences: [String] = []

  mutating func note(_ upshot: Upshot, _ path: FilePath, isDamaged: Bool) {
    switch upshot {
    case .read, .done: files += 1
    case .refused("integrity") where isDamaged: refused += 1
    case .refused(let code), .halfDone(let code):
      differences.append("\(path) cannot be read at the end: \(code)")
    case .differs(let sentence): differences.append(sentence)
    }
  }
}

/// Whether everything is where it should be.
package struct Reckoning: Sendable {
  /// What was to be staged, and whether it was.
  package let fault: Fault?
  package let isStaged: Bool
  package var chores = ChoreCounts()
  /// Files that must be there, by the book.
  package var standing = 0
  /// Stored copies that were damaged on purpose.
  package var damaged = 0
  /// What the manifest has.
  package var counts = Counts()
  package var readBack = ReadBack()
  /// What the engine counted.
  package var engine: [(name: String, value: UInt64)] = []
  /// Everything that does not agree.
  package var differences: [String] = []

  init(fault: Fault?, isStaged: Bool) {
    self.fault = fault
    self.isStaged = isStaged
  }

  /// Names that files ever had.
  package var named: Int { chores.created + chores.renamed }
  /// Names that were given up.
  package var given: Int { chores.deleted + chores.renamed }

  /// Whether the book, the manifest and what was read agree.
  package var addsUp: Bool { sums.isEmpty && differences.isEmpty }

  /// Sums that do not come out.
  package var sums: [String] {
    var wrong: [String] = []
    if named != standing + given {
      wrong.append("\(named) names were given, and \(standing) stand and \(given) were given up")
    }
    let states = counts[.clean].files + counts[.dirty].files + counts[.failed].files
    if states != Int64(standing) {
      wrong.append("\(standing) files stand, and the manifest has \(states)")
    }
    return wrong
  }
}
