// What a configuration that was read anew changes in the one in force, setting by setting: some of it
// takes effect at once, the rest when the engine starts anew. Values are compared as what they mean,
// so that `1K` for `1024` is no change; secrets are compared and never shown.

import Bytes

/// What a new configuration changes.
package struct ConfigurationChanges: Equatable, Sendable {
  /// One setting with another value than before.
  package struct Change: Equatable, Sendable {
    package let key: String
    /// The values for people; nil where there is none.
    package let before: String?
    package let after: String?

    package init(key: String, before: String?, after: String?) {
      self.key = key
      self.before = before
      self.after = after
    }
  }

  /// What takes effect at once.
  package let live: [Change]
  /// What takes effect after a restart.
  package let afterRestart: [Change]

  package init(live: [Change], afterRestart: [Change]) {
    self.live = live
    self.afterRestart = afterRestart
  }

  /// True when nothing is different.
  package var isEmpty: Bool { live.isEmpty && afterRestart.isEmpty }
}

extension Configuration {
  /// What `new`, of the same settings, changes.
  package func changes(to new: Configuration) -> ConfigurationChanges {
    let changed = settings.declarations.filter { meaning(of: $0) != new.meaning(of: $0) }
    func changes(_ needRestart: Bool) -> [ConfigurationChanges.Change] {
      changed.filter { $0.options.needsRestart == needRestart }.map {
        .init(key: $0.key, before: text(of: $0), after: new.text(of: $0))
      }
    }
    return ConfigurationChanges(live: changes(false), afterRestart: changes(true))
  }

  /// This configuration with what `new` changes at once: what is in force until a restart.
  package func taking(liveFrom new: Configuration) -> Configuration {
    var entries = entries
    for declaration in settings.declarations where !declaration.options.needsRestart {
      entries[declaration.key] = new.entries[declaration.key]
    }
    return Configuration(settings: settings, entries: entries)
  }

  /// What tells whether two values differ; never shown.
  private func meaning(of declaration: SettingDeclaration) -> [UInt8]? {
    let source = entries[declaration.key]?.source ?? .missing
    // A secret has no spelling: its text is the same for all.
    if declaration.options.isSecret { return source.value.map { Array($0.text().utf8) } }
    do throws(SettingFault) {
      return try declaration.spell(source).map { Array($0.utf8) }
    } catch .missing {
      return nil
    } catch {
      preconditionFailure("\(declaration.key) was checked before: \(error)")
    }
  }
}
