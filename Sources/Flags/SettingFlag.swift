// A setting as a flag: what a command takes so that one run may differ from the file. It has the
// setting's name, wants what the setting wants, and is read by the configuration.

/// A flag that sets a setting for one run.
package struct SettingFlag: Parameter {
  package let declaration: ParameterDeclaration
}

extension Setting {
  /// The flag that sets this setting for one run.
  package var flag: SettingFlag { declaration.flag }
}

extension Settings {
  /// The flags of all settings but the secret ones: others can read a command line.
  package var flags: [any Parameter] {
    declarations.filter { !$0.options.isSecret }.map(\.flag)
  }
}

extension SettingDeclaration {
  fileprivate var flag: SettingFlag {
    let setting = self
    let title = "--" + setting.flagName
    return SettingFlag(
      declaration: ParameterDeclaration(
        role: .flag(short: nil), name: setting.flagName, summary: setting.summary,
        valueNeed: .required, placeholder: setting.placeholder, wanted: setting.wanted,
        completion: setting.completion, defaultText: nil, counts: 0...1
      ) { (given) throws(UsageFault) in
        guard case .value(let bytes) = given.last else { return }
        do throws(SettingFault) {
          try setting.check(.typed(bytes))
        } catch {
          switch error {
          case .missing: throw .missing(title)
          case .badValue(let given, let wanted, let nearest):
            throw .badValue(title, given: given, wanted: wanted, nearest: nearest)
          }
        }
      })
  }
}
