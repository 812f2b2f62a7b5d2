// The walls that the compiler cannot hold, each as a pure function from one file's text to the
// lines that break it. Rules see text only, so a planted violation proves that each can fail.

/// A source file as the rules see it.
struct SourceFile {
  /// Relative to the package, `/` between components.
  let path: String
  let text: String

  init(path: String, text: String) {
    self.path = path
    self.text = text
  }

  /// The room or suite it belongs to: the folder under `Sources` or `Tests`.
  var room: String {
    let components = path.split(separator: "/")
    return components.count > 2 ? String(components[1]) : ""
  }

  /// True for the shipped code, false for tests.
  var isSource: Bool { path.hasPrefix("Sources/") }

  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
}

/// One line of one file that breaks a rule.
struct Violation: Equatable, CustomStringConvertible {
  let path: String
  let line: Int
  let sentence: String

  var description: String { "\(path):\(line): \(sentence)" }
}

/// A wall of the house.
struct Rule: Sendable {
  let name: String
  let violations: @Sendable (SourceFile) -> [Violation]
}

extension Rule {
  /// A rule about single lines of code; comments and string literals are cut away first.
  static func eachLine(
    _ name: String, _ sentence: String,
    breaks: @escaping @Sendable (_ code: String, SourceFile) -> Bool
  ) -> Rule {
    Rule(name: name) { file in
      codeLines(of: file).compactMap { number, code in
        breaks(code, file) ? Violation(path: file.path, line: number, sentence: sentence) : nil
      }
    }
  }
}

extension Rule {
  /// A rule about lines of shipped code that need a comment in one of the two lines above them.
  static func explained(
    _ name: String, _ sentence: String, needsWhy: @escaping @Sendable (_ code: String) -> Bool
  ) -> Rule {
    Rule(name: name) { file in
      guard file.isSource else { return [] }
      let lines = file.lines
      return codeLines(of: file).compactMap { number, code in
        guard needsWhy(code) else { return nil }
        let above = lines[..<(number - 1)].suffix(2)
        let isExplained = above.contains { $0.drop(while: { $0 == " " }).hasPrefix("// ") }
        return isExplained
          ? nil : Violation(path: file.path, line: number, sentence: sentence)
      }
    }
  }
}

/// The lines of a file with comments and the insides of string literals cut away, numbered.
func codeLines(of file: SourceFile) -> [(Int, String)] {
  var inBlockText = false
  return file.lines.enumerated().map { index, line in
    var code = ""
    var inText = false
    var previous: Character = " "
    var rest = line[...]
    while let character = rest.first {
      if rest.hasPrefix("\"\"\"") {
        inBlockText.toggle()
        rest = rest.dropFirst(3)
        continue
      }
      rest = rest.dropFirst()
      if inBlockText { continue }
      if inText {
        if character == "\\" {
          rest = rest.dropFirst()
        } else if character == "\"" {
          inText = false
          code.append("\"")
        }
        continue
      }
      if character == "\"" { inText = true }
      if character == "/" && previous == "/" {
        code.removeLast()
        break
      }
      code.append(character)
      previous = character
    }
    return (index + 1, code)
  }
}

/// The words of a line of code: runs of letters, digits and underscores.
func words(_ code: String) -> [Substring] {
  code.split { !($0.isLetter || $0.isNumber || $0 == "_") }
}

/// The names called as free functions in a line of code: a word, then `(`, and no `.` or word
/// that declares it before.
func freeCalls(_ code: String) -> [Substring] {
  var calls: [Substring] = []
  for (index, character) in zip(code.indices, code) where character == "(" {
    let head = code[..<index]
    let name = head.reversed().prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    guard !name.isEmpty else { continue }
    let start = code.index(index, offsetBy: -name.count)
    let before = code[..<start]
    if before.hasSuffix(".") && !before.hasSuffix("Glibc.") || before.hasSuffix("func ") {
      continue
    }
    calls.append(code[start..<index])
  }
  return calls
}
