// The second net for secrets. The first is their type (`Redacted`); this one looks at every text
// that is about to be logged and hides what has the shape of a credential, for text that others
// made: a server's answer, an address with its query, a header, a line of a configuration.
//
//   name=value, name: value, "name": "value", --name value   where the name says secret
//   Authorization: …, Cookie: …                              to the end of the line
//   Bearer …, Basic …, SharedKey …, AWS id:signature
//   scheme://user:password@host
//   AKIA…, ASIA…, AIza…, ya29.…, eyJ….….…                    keys that are known by their beginning
//   -----BEGIN … PRIVATE KEY----- …                          to its end, or the end of the text
//
// It errs on the side of hiding: a word too many is hidden rather than one too few.

import Ambient

/// The text with everything that looks like a credential hidden.
package func withoutSecrets(_ text: String) -> String {
  var scan = SecretScan(Array(text.utf8))
  return scan.run() ? String(decoding: scan.result, as: UTF8.self) : text
}

/// True when what goes by this name is a credential.
package func isSecretName(_ name: String) -> Bool {
  SecretName(normalized(Array(name.utf8)[...])) != nil
}

/// What a name says of its value.
private enum SecretName {
  /// A secret, whatever it looks like.
  case always
  /// A secret, unless it is a plain word of prose.
  case unlessProse
  /// A header whose value is the rest of the line.
  case header

  init?(_ normalized: [UInt8]) {
    func ends(_ suffix: String) -> Bool {
      normalized.reversed().starts(with: suffix.utf8.reversed())
    }
    if ["authorization", "cookie"].contains(where: ends) {
      self = .header
    } else if secretSuffixes.contains(where: ends)
      || secretNames.contains(where: { normalized.elementsEqual($0.utf8) })
    {
      self = .always
    } else if ["token", "signature", "credential", "credentials"].contains(where: ends) {
      self = .unlessProse
    } else {
      return nil
    }
  }
}

private let secretSuffixes = [
  "password", "passwd", "passphrase", "secret", "secretkey", "accesskey", "accesskeyid",
  "accountkey", "apikey", "privatekey", "signingkey", "sharedkey", "encryptionkey",
]

// The last two are `sig` in an address that was escaped: after %26 and %3F.
private let secretNames = ["pwd", "pass", "sig", "26sig", "3fsig"]

/// A name in lower case, without what separates its words.
private func normalized(_ name: ArraySlice<UInt8>) -> [UInt8] {
  name.compactMap { byte in
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
    default: nil
    }
  }
}

/// One pass over a text.
private struct SecretScan {
  private let text: [UInt8]
  private var at = 0
  private var copied = 0
  private(set) var result: [UInt8] = []

  init(_ text: [UInt8]) {
    self.text = text
  }

  /// Scans to the end; true when something was hidden.
  mutating func run() -> Bool {
    while at < text.count {
      if isWord(text[at]) && text[at] != UInt8(ascii: "-") {
        takeWord()
      } else if has("-----BEGIN ", at: at), let end = endOfKey() {
        hide(at..<end)
      } else if has("://", at: at), let password = passwordOfAddress() {
        hide(password)
      } else {
        at += 1
      }
    }
    guard copied > 0 else { return false }
    result += text[copied...]
    return true
  }

  /// Takes the word that begins here, with its value if it is the name of one.
  private mutating func takeWord() {
    let start = at
    while at < text.count && isWord(text[at]) { at += 1 }
    let word = text[start..<at]
    // No name, scheme or key is shorter, and few words of prose are as long as a key.
    guard word.count >= 3 else { return }
    if isKey(word) { return hide(start..<endOfToken(from: at)) }
    let name = normalized(word)
    if let kind = SecretName(name), let value = value(of: kind, after: start) {
      hide(value)
    } else if ["bearer", "basic", "sharedkey", "sharedkeylite", "aws"].contains(
      where: { name.elementsEqual($0.utf8) }), let token = token(afterScheme: name)
    {
      hide(token)
    }
  }

  private mutating func hide(_ range: Range<Int>) {
    if !range.isEmpty {
      result += text[copied..<range.lowerBound]
      result += LogValue.redactedText.utf8
      copied = range.upperBound
    }
    at = max(at, range.upperBound)
  }

  // MARK: Values of names

  /// Where the value of the name that ends here stands; nil when none follows.
  private func value(of kind: SecretName, after start: Int) -> Range<Int>? {
    var next = skipQuote(at)
    let afterName = next
    next = skipSpaces(next)
    let isAssigned: Bool
    if next < text.count, text[next] == UInt8(ascii: "=") {
      (isAssigned, next) = (true, next + 1)
    } else if next < text.count, text[next] == UInt8(ascii: ":") {
      (isAssigned, next) = (false, next + 1)
    } else if has("%3D", at: next) || has("%3d", at: next) {
      (isAssigned, next) = (true, next + 3)
    } else if start >= 2, has("--", at: start - 2), next > afterName {
      isAssigned = true
    } else {
      return nil
    }
    next = skipSpaces(next)
    let quoted = skipQuote(next)
    if quoted > next { return quoted..<endOfQuotation(from: quoted, quote: text[next..<quoted]) }
    if kind == .header { return next..<endOfLine(from: next) }
    var end = endOfValue(from: next)
    if ["bearer", "basic"].contains(where: { normalized(text[next..<end]).elementsEqual($0.utf8) })
    {
      end = endOfValue(from: skipSpaces(end))
    }
    let isProse = !isAssigned && text[next..<end].allSatisfy(isLowerCase)
    return end == next || kind == .unlessProse && isProse ? nil : next..<end
  }

  /// Where the credential stands that follows the name of a scheme; nil when it is prose.
  private func token(afterScheme scheme: [UInt8]) -> Range<Int>? {
    let next = skipSpaces(at)
    let end = endOfValue(from: next)
    let token = text[next..<end]
    guard next > at, token.count >= 6, !token.allSatisfy(isLowerCase) else { return nil }
    if scheme.elementsEqual("aws".utf8) && !token.contains(UInt8(ascii: ":")) { return nil }
    return next..<end
  }

  // MARK: Shapes

  private func isKey(_ word: ArraySlice<UInt8>) -> Bool {
    if word.count == 20, word.starts(with: "AKIA".utf8) || word.starts(with: "ASIA".utf8) {
      return word.allSatisfy { isUpperCase($0) || isDigit($0) }
    }
    if word.starts(with: "AIza".utf8) { return word.count >= 35 }
    let isDotted = at < text.count && text[at] == UInt8(ascii: ".")
    if word.elementsEqual("ya29".utf8) { return isDotted }
    guard word.starts(with: "eyJ".utf8), word.count >= 10, isDotted else { return false }
    return text[at..<endOfToken(from: at)].count { $0 == UInt8(ascii: ".") } == 2
  }

  /// The end of a private key that begins here; nil when it is something else between such lines.
  private func endOfKey() -> Int? {
    let line = text[at..<endOfLine(from: at)]
    let title = line.dropFirst(5)
    guard let dashes = title.indices.first(where: { has("-----", at: $0) }) else { return nil }
    guard contains("PRIVATE KEY", in: at..<dashes) else { return nil }
    var next = dashes + 5
    while next < text.count {
      if has("-----END ", at: next) {
        next += 9
        while next < text.count && !has("-----", at: next) { next += 1 }
        return min(next + 5, text.count)
      }
      next += 1
    }
    return text.count
  }

  /// The password in `://user:password@host`, which begins here; nil when there is none.
  private func passwordOfAddress() -> Range<Int>? {
    let start = at + 3
    var end = start
    while end < text.count, !isSpace(text[end]), !"/?#\"'<>".utf8.contains(text[end]) { end += 1 }
    guard let sign = text[start..<end].lastIndex(of: UInt8(ascii: "@")),
      let colon = text[start..<sign].firstIndex(of: UInt8(ascii: ":"))
    else { return nil }
    return (colon + 1)..<sign
  }

  // MARK: Ends

  private func endOfLine(from start: Int) -> Int {
    text[start...].firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } ?? text.count
  }

  private func endOfToken(from start: Int) -> Int {
    text[start...].firstIndex { !isWord($0) && $0 != UInt8(ascii: ".") } ?? text.count
  }

  private func endOfValue(from start: Int) -> Int {
    var end = start
    while end < text.count, !isSpace(text[end]), !"&,;\"'()[]{}<>|\\".utf8.contains(text[end]),
      !has("%26", at: end)
    {
      end += 1
    }
    return end
  }

  /// The end of what is quoted: the same quote again, unless a backslash takes it as it is.
  private func endOfQuotation(from start: Int, quote: ArraySlice<UInt8>) -> Int {
    var end = start
    while end < text.count {
      if text[end...].starts(with: quote) { return end }
      end += text[end] == UInt8(ascii: "\\") ? 2 : 1
    }
    return text.count
  }

  /// Behind a quote that may itself be escaped, if one stands here.
  private func skipQuote(_ start: Int) -> Int {
    let mark = has("\\", at: start) ? start + 1 : start
    guard mark < text.count, text[mark] == UInt8(ascii: "\"") || text[mark] == UInt8(ascii: "'")
    else { return start }
    return mark + 1
  }

  private func skipSpaces(_ start: Int) -> Int {
    text[start...].firstIndex { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") } ?? text.count
  }

  private func has(_ pattern: String, at index: Int) -> Bool {
    index <= text.count && text[index...].starts(with: pattern.utf8)
  }

  private func contains(_ pattern: String, in range: Range<Int>) -> Bool {
    range.contains { has(pattern, at: $0) }
  }
}

private func isWord(_ byte: UInt8) -> Bool {
  isLowerCase(byte) || isUpperCase(byte) || isDigit(byte) || byte == UInt8(ascii: "_")
    || byte == UInt8(ascii: "-")
}

private func isLowerCase(_ byte: UInt8) -> Bool {
  byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
}

private func isUpperCase(_ byte: UInt8) -> Bool {
  byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
}

private func isDigit(_ byte: UInt8) -> Bool {
  byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
}

private func isSpace(_ byte: UInt8) -> Bool { byte <= 0x20 }
