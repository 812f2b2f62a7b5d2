// The whole configuration of an engine: its own settings and the sections of its cold stores, with
// what must hold between them. Every command that reads a configuration reads this one.

import Bytes
import CacheEngine
import Flags

/// The configuration that `--config` names.
enum EngineConfiguration {
  private static let primary = BackendSettings(.primary)
  private static let secondary = BackendSettings(.secondary)

  /// The settings of the cold store of a role.
  static func backend(_ role: BackendRole) -> BackendSettings {
    role == .primary ? primary : secondary
  }

  /// Every setting that there is, in the order of the reference.
  static let settings = (EngineSettings.declared + primary.all + secondary.all).under([stores])

  /// Each store is right as a whole, there is one to store in, and the second is another than the
  /// first.
  private static let stores = SettingRule(
    between: primary.all.declarations + secondary.all.declarations
  ) { configuration in
    let plans: (first: BackendPlan?, second: BackendPlan?)
    do throws(ConfigurationError) {
      plans = (try primary.plan(configuration), try secondary.plan(configuration))
    } catch .wrong(let problems) {
      return problems
    } catch {
      preconditionFailure("a document was read before: \(error)")
    }
    guard let first = plans.first else {
      let key = primary.type.declaration.key
      return [.init(origin: .standard, key: key, fault: .contradiction(primary.missing))]
    }
    guard let second = plans.second, second.isSamePlace(as: first) else { return [] }
    return [
      .init(
        origin: configuration.origin(of: secondary.type), key: secondary.type.declaration.key,
        fault: .contradiction(
          "the secondary store is the primary one; name another, or leave it out"))
    ]
  }
}

extension ConfigurationError {
  /// Everything that is wrong, each in a sentence with its place.
  var sentences: [String] {
    switch self {
    case .tooLarge, .malformed: ["\(self)"]
    case .wrong(let problems): problems.map(\.description)
    }
  }
}
