// Whether objects are sealed before they leave the machine, under how many keys, and where the key is
// that wraps them all.

package import Flags

/// What shares one data key.
public enum SealingScopeKind: String, CaseIterable, Sendable {
  case file, directory, depot
}

/// How stored objects are sealed.
public struct SealingSettings: Equatable, Sendable {
  public var isOn: Bool
  public var scope: SealingScopeKind
  /// The file of the key-encryption key, in the kernel's bytes.
  public var keyFile: [UInt8]?
}

extension SealingSettings {
  package enum Declared {
    private static let restart = SettingOptions(needsRestart: true)

    static let isOn = Setting(
      "encrypt", .truth, default: false,
      "Every object is sealed before it leaves this machine, so that destroying its key makes all "
        + "copies unreadable; needs 'key_file'.", restart)
    static let scope: Setting<SealingScopeKind> = Setting(
      "key_scope", .choice(placeholder: "SCOPE"), default: .file,
      "What shares one key, and is therefore shredded together.", restart)
    static let keyFile: Setting<[UInt8]?> = Setting(
      "key_file", optional: .path("FILE"), example: Array("/etc/larder/events.key".utf8),
      "The key-encryption key, as `larder events key new` makes it: outside the depot, and readable "
        + "by its owner alone.",
      SettingOptions(needsRestart: true, variable: "LARDER_KEY_FILE"))

    static let needsKey = SettingRule(between: [isOn.declaration, keyFile.declaration]) {
      configuration in
      guard configuration[isOn], configuration[keyFile] == nil else { return [] }
      return [
        .init(
          origin: configuration.origin(of: isOn), key: isOn.declaration.key,
          fault: .contradiction(
            "'encrypt' needs 'key_file'; make a key with 'larder events key new'"))
      ]
    }
  }

  package static let declared = Settings(
    Declared.isOn, Declared.scope, Declared.keyFile, rules: [Declared.needsKey])

  init(_ configuration: Configuration) {
    isOn = configuration[Declared.isOn]
    scope = configuration[Declared.scope]
    keyFile = configuration[Declared.keyFile]
  }
}
