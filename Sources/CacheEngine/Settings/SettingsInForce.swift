// The settings that a running engine goes by. Whoever needs one asks for it at the moment of need and
// keeps none, so that a changed configuration takes effect with the next decision; what is built
// once from a setting that needs a restart stays as it was built.

internal import Synchronization

/// What the parts of one engine are told at the moment.
final class SettingsInForce: Sendable {
  private let settings: Mutex<EngineSettings>

  init(_ settings: EngineSettings) {
    self.settings = Mutex(settings)
  }

  /// All of them.
  var now: EngineSettings { settings.withLock { $0 } }

  /// Puts others in force.
  func replace(with settings: EngineSettings) {
    self.settings.withLock { $0 = settings }
  }
}
