// One line of a list of checksums, as `sha256sum`, `md5sum` and `b3sum` write it, so that each reads
// the lists of the others:
//
//   digest  name          two spaces, or a space and `*`
//   \digest  na\nme       a line that begins with a backslash has `\\`, `\n` and `\r` in its name

import Bytes

/// A digest and the name of the file that it is of.
struct ChecksumLine: Equatable {
  /// In hexadecimal, lower case.
  let digest: String
  /// In the kernel's bytes.
  let name: [UInt8]

  init(digest: String, name: [UInt8]) {
    self.digest = digest
    self.name = name
  }

  /// Reads a line, without its end; nil when it is none of a digest of so many digits.
  init?(parsing line: ArraySlice<UInt8>, digits: Int) {
    var rest = line
    if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
    let isEscaped = rest.first == backslash
    if isEscaped { rest.removeFirst() }
    let digest = String(decoding: rest.prefix(digits), as: UTF8.self).lowercased()
    let marks = rest.dropFirst(digits).prefix(2)
    let name = Array(rest.dropFirst(digits + 2))
    guard digest.utf8.count == digits, bytes(fromHexadecimal: digest) != nil, !name.isEmpty,
      marks.elementsEqual("  ".utf8) || marks.elementsEqual(" *".utf8),
      let plain = isEscaped ? Self.unescaped(name) : name, !plain.contains(0)
    else { return nil }
    self.init(digest: digest, name: plain)
  }

  /// The line, without its end.
  var line: [UInt8] {
    let escaped = escapedName
    let mark = escaped.count > name.count ? [backslash] : []
    return mark + Array("\(digest)  ".utf8) + escaped
  }

  /// What is said of the file in a check, without its end: `name: OK`. Only a name that would break
  /// the line is escaped here, as the tools have it.
  func verdict(_ verdict: String) -> [UInt8] {
    let shown = name.contains(UInt8(ascii: "\n")) ? [backslash] + escapedName : name
    return shown + Array(": \(verdict)".utf8)
  }

  private var escapedName: [UInt8] {
    name.flatMap { byte in Self.escapes[byte].map { [backslash, $0] } ?? [byte] }
  }

  private static let escapes: [UInt8: UInt8] = [
    backslash: backslash, UInt8(ascii: "\n"): UInt8(ascii: "n"),
    UInt8(ascii: "\r"): UInt8(ascii: "r"),
  ]

  private static func unescaped(_ name: [UInt8]) -> [UInt8]? {
    var plain: [UInt8] = []
    var rest = name[...]
    while let byte = rest.popFirst() {
      guard byte == backslash else {
        plain.append(byte)
        continue
      }
      guard let letter = rest.popFirst(),
        let meant = escapes.first(where: { $0.value == letter })?.key
      else { return nil }
      plain.append(meant)
    }
    return plain
  }
}

private let backslash = UInt8(ascii: "\\")
