// Keys one after the other, as somebody spells them: `g`, `C-l`, `a e`, `Space`.

package import Terminal

/// One key, or several one after the other.
package struct KeySequence: Hashable, Sendable {
  /// The most keys of a sequence.
  package static let keysMax = 4

  package let keys: [Key]

  package init(_ keys: [Key]) {
    precondition((1...Self.keysMax).contains(keys.count), "a sequence has one to four keys")
    self.keys = keys
  }

  /// Reads keys between spaces.
  package init?(parsing text: some StringProtocol) {
    let words = text.split(separator: " ")
    let keys = words.compactMap { Key(parsing: $0) }
    guard keys.count == words.count, (1...Self.keysMax).contains(keys.count) else { return nil }
    self.keys = keys
  }

  /// Whether these keys are its beginning and not yet all of it.
  func begins(with keys: [Key]) -> Bool {
    keys.count < self.keys.count && self.keys.starts(with: keys)
  }

  /// As it is shown: keys of one letter stand together.
  package var shown: String {
    keys.map { "\($0)" }.joined(separator: keys.allSatisfy { "\($0)".count == 1 } ? "" : " ")
  }
}

extension KeySequence: CustomStringConvertible {
  package var description: String { keys.map { "\($0)" }.joined(separator: " ") }
}
