// Text broken into lines of a width, at spaces only; a word that is longer than a line keeps its
// own. Empty lines part paragraphs, and a paragraph that begins with a space stays as it is.

/// The text in lines of at most `width` characters, each after the first `indent` in.
func wrapped(_ text: String, width: Int, indent: Int = 0) -> String {
  let margin = String(repeating: " ", count: indent)
  return wrappedLines(text, width: max(20, width - indent))
    .joined(separator: "\n" + margin)
    .replacingBlankLines()
}

/// The lines of the text.
func wrappedLines(_ text: String, width: Int) -> [String] {
  paragraphs(text).enumerated().flatMap { index, paragraph in
    (index > 0 ? [""] : []) + lines(of: paragraph, width: width)
  }
}

/// The parts of the text between empty lines.
func paragraphs(_ text: String) -> [String] {
  text.split(separator: "\n\n").map { String($0) }
}

private func lines(of paragraph: String, width: Int) -> [String] {
  if paragraph.hasPrefix(" ") {
    return paragraph.split(separator: "\n").map { String($0) }
  }
  var lines: [String] = []
  var line = ""
  for word in paragraph.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
    if !line.isEmpty, line.count + 1 + word.count > width {
      lines.append(line)
      line = ""
    }
    line += (line.isEmpty ? "" : " ") + word
  }
  return lines + [line]
}

extension String {
  /// Lines of nothing but spaces become empty.
  fileprivate func replacingBlankLines() -> String {
    split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.allSatisfy { $0 == " " } ? "" : String($0) }
      .joined(separator: "\n")
  }
}
