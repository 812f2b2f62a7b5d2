// What a person is told of a file's state, in one word. The manifest's state says which copy is to be
// believed; a person wants to know besides whether the file is here, and whether it is on its way.

/// The state of a file as it is shown.
public enum ShownState: String, CaseIterable, Hashable, Sendable {
  /// Written, and not stored.
  case dirty
  /// Being stored now.
  case uploading
  /// Gave up after the retry budget.
  case failed
  /// Stored, and in the depot.
  case hot
  /// Stored, and not in the depot.
  case cold
  /// Neither: its key was destroyed.
  case shredded
}
