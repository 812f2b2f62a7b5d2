// What is true of one file. There is a hot copy, a stored copy, or both; the state says which of
// them is to be believed.
//
//   dirty     hot; nothing in cold storage is these bytes
//   failed    hot, like dirty; gave up after the retry budget and waits for an operator
//   clean     stored and verified; hot or cold
//   shredded  neither; the key of its stored copy was destroyed
//
// That a file is being uploaded is a claim in memory of whoever uploads it and is never written.

/// The state of a file, as its row has it.
public enum FileState: UInt8, CaseIterable, Hashable, Sendable {
  case dirty = 1
  case failed = 2
  case clean = 3
  case shredded = 4
}

extension FileState: CustomStringConvertible {
  public var description: String {
    switch self {
    case .dirty: "dirty"
    case .failed: "failed"
    case .clean: "clean"
    case .shredded: "shredded"
    }
  }

  /// Reads a state as it is written.
  public init?(parsing text: some StringProtocol) {
    guard let found = Self.allCases.first(where: { $0.description == text }) else { return nil }
    self = found
  }
}
