// What must hold between settings: two ways to say one thing that disagree, a bound above the other.
// Rules are asked once each setting is right by itself, so they may look at any value. Settings of
// one rule take effect at the same time, all at once or all after a restart: so the half of a change
// that is taken at once never contradicts the half that waits.

/// Something that must hold between settings.
package struct SettingRule: Sendable {
  /// The settings it looks at.
  let keys: [String]
  /// What is wrong; nothing when it holds.
  let problems: @Sendable (Configuration) -> [ConfigurationProblem]

  /// A rule between settings; `problems` looks at no others.
  package init(
    between settings: [SettingDeclaration],
    _ problems: @escaping @Sendable (Configuration) -> [ConfigurationProblem]
  ) {
    keys = settings.map(\.key)
    self.problems = problems
  }

  /// At most one of two settings is given.
  package static func either<First, Second>(
    _ first: Setting<First>, or second: Setting<Second>
  ) -> SettingRule {
    SettingRule(between: [first.declaration, second.declaration]) { configuration in
      let origins = (configuration.origin(of: first), configuration.origin(of: second))
      guard origins.0 != .standard, origins.1 != .standard else { return [] }
      let (key, other) = (second.declaration.key, first.declaration.key)
      return [
        .init(
          origin: origins.1, key: key,
          fault: .contradiction("'\(key)' says again what '\(other)' says; remove one of them"))
      ]
    }
  }
}
