// What can be wrong with a configuration. A message names the first problem by its line and column
// and says how many there are besides; the rest is there for `config check`, which lists them all.

package import Bytes

/// Why a configuration cannot be used.
package enum ConfigurationError: Error, Equatable, Sendable {
  /// The file is longer than any configuration.
  case tooLarge(bytes: Int)
  /// The file is not JSON5.
  case malformed(BytesError)
  /// Settings are wrong; in the order of the file, then the rest.
  case wrong([ConfigurationProblem])
}

/// One thing that is wrong with a configuration.
package struct ConfigurationProblem: Equatable, Sendable {
  package let origin: SettingOrigin
  /// The key as it stands in the file, safe to show; empty for the whole document.
  package let key: String
  package let fault: Fault

  /// What is wrong.
  package enum Fault: Equatable, Sendable {
    case unknownKey(nearest: String?)
    /// Something else stands where an object of settings should.
    case noObject(String)
    case value(SettingFault)
    /// It does not go with another setting; the sentence says how, without its place.
    case contradiction(String)
  }

  package init(origin: SettingOrigin, key: String, fault: Fault) {
    self.origin = origin
    self.key = key
    self.fault = fault
  }
}

extension ConfigurationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooLarge(let bytes):
      return "\(bytes) bytes are no configuration; at most \(configurationBytesMax) are read"
    case .malformed(let error): return error.description
    case .wrong(let problems):
      let others = problems.count - 1
      let more = others > 0 ? " (and \(others) more problem\(others == 1 ? "" : "s"))" : ""
      return (problems.first?.description ?? "nothing is wrong") + more
    }
  }
}

extension ConfigurationProblem: CustomStringConvertible {
  package var description: String {
    switch fault {
    case .unknownKey(let nearest):
      let guess = nearest.map { " (did you mean '\($0)'?)" } ?? ""
      return "\(origin): there is no setting '\(key)'" + guess
    case .noObject(let kind):
      let title = key.isEmpty ? "the configuration" : "'\(key)'"
      return "\(origin): \(title) wants an object with settings, not \(kind)"
    case .value(.missing):
      return "the setting '\(key)' is missing"
    case .value(.badValue(let given, let wanted, let nearest)):
      let guess = nearest.map { " (did you mean '\($0)'?)" } ?? ""
      return "\(origin): '\(key)' wants \(wanted), not \(given)" + guess
    case .contradiction(let sentence):
      // What nobody set has no place that would help to find it.
      return origin == .standard ? sentence : "\(origin): \(sentence)"
    }
  }
}

extension ConfigurationProblem: Comparable {
  /// The order of the file first, then the order of the keys.
  package static func < (left: ConfigurationProblem, right: ConfigurationProblem) -> Bool {
    switch (left.origin, right.origin) {
    case (.file(let left), .file(let right)) where left != right: left < right
    case (.file, .file): left.key < right.key
    case (.file, _): true
    case (_, .file): false
    default: left.key < right.key
    }
  }
}
