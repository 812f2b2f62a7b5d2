// Text of more lines than there are rows. The scroll is a value that keeps its place when lines are
// added behind it, or follows them when it stands at the end.

package import Terminal

/// Which part of a text is seen.
package struct TextScroll: Hashable, Sendable {
  package private(set) var top = 0
  /// Whether it stays at the end as lines come.
  package private(set) var followsEnd: Bool

  package init(followsEnd: Bool = false) {
    self.followsEnd = followsEnd
  }

  /// Moves by lines; at the end of the text it follows from then on, if it may.
  package mutating func move(by step: Int, lines: Int, rows: Int, followsEnd: Bool = false) {
    let last = max(0, lines - rows)
    top = min(max(0, (self.followsEnd ? last : top) + step), last)
    self.followsEnd = followsEnd && top == last
  }

  /// The lines that are seen.
  package func visible(lines: Int, rows: Int) -> Range<Int> {
    let last = max(0, lines - rows)
    let first = followsEnd ? last : min(top, last)
    return first..<min(lines, first + rows)
  }

  /// Lines went at the front, as from a ring: what is seen stays.
  package mutating func dropped(_ count: Int) {
    top = max(0, top - count)
  }
}

/// A text that scrolls.
package struct ScrollingText: Sendable {
  package var lines: [[Words]]
  package var scroll: TextScroll

  package init(_ lines: [[Words]], _ scroll: TextScroll) {
    self.lines = lines
    self.scroll = scroll
  }

  package func draw(into surface: inout Surface, _ region: Region, _ brush: Brush) {
    let seen = scroll.visible(lines: lines.count, rows: region.rows)
    let hasScrollbar = lines.count > region.rows && region.columns > 10
    let (text, bar) = region.split(left: region.columns - (hasScrollbar ? 1 : 0))
    for (row, index) in seen.enumerated() {
      surface.draw(lines[index], in: text.line(row), brush: brush)
    }
    if hasScrollbar {
      Scrollbar(top: seen.lowerBound, seen: region.rows, count: lines.count)
        .draw(into: &surface, bar, brush)
    }
  }
}

/// The text in lines of at most so many columns, broken between words where there are any.
package func wrapped(_ text: String, columns: Int) -> [String] {
  let columns = max(1, columns)
  return text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { paragraph in
    var lines: [String] = []
    var line = ""
    for word in paragraph.split(separator: " ") {
      var rest = String(word)
      if !line.isEmpty && columnCount(of: line) + 1 + columnCount(of: rest) <= columns {
        line += " " + rest
        continue
      }
      if !line.isEmpty { lines.append(line) }
      while columnCount(of: rest) > columns {
        let head = fitted(rest, columns: columns, ellipsis: "")
        guard !head.isEmpty else { break }
        lines.append(head)
        rest = String(rest.unicodeScalars.dropFirst(head.unicodeScalars.count))
      }
      line = rest
    }
    return lines + [line]
  }
}
