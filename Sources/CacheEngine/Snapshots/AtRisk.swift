// What would be lost if the machine were lost now, and whether that is all. Files that were written and
// are not stored are counted; what the engine has not looked at yet it cannot count, and says so
// instead: a depot is safe when nothing is at risk and nothing is unseen.

public import Ambient
public import Views

/// What would be lost with the machine.
public struct AtRisk: Hashable, Sendable {
  /// Files that are written and not stored, those that gave up among them.
  public var files: Tally
  /// Of those, the ones that gave up and wait for an operator.
  public var failed: Tally
  /// Since when the file waits that has waited longest; nil when none does.
  public var oldest: WallTime?
  /// How long until all is stored at the present pace; nil when that is not known.
  public var drain: Duration?
  /// Why there may be more than is counted, as the rest of a sentence; nil when there is not.
  public var unseen: String?

  /// Whether the machine could be lost now without losing a byte.
  public var isNothing: Bool { files.files == 0 && unseen == nil }
}
