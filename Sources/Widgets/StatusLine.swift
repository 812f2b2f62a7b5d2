// The lines at the edges of a screen: what is the case, and which keys lead on. What matters least
// goes first when there is no room.

package import Terminal

/// One part of a status line.
package struct StatusPart: Hashable, Sendable {
  package var words: [Words]
  /// What matters more has the greater number.
  package var priority: Int
  package var isRight: Bool

  package init(_ words: [Words], priority: Int = 0, isRight: Bool = false) {
    self.words = words
    self.priority = priority
    self.isRight = isRight
  }

  var columns: Int { words.reduce(0) { $0 + $1.columns } }
}

/// A line of parts, some at its left and some at its right.
package struct StatusLine: Sendable {
  package var parts: [StatusPart]
  package var ground: Role

  package init(_ parts: [StatusPart], on ground: Role = .status) {
    self.parts = parts
    self.ground = ground
  }

  package func draw(into surface: inout Surface, _ region: Region, _ brush: Brush) {
    let line = region.line(0)
    surface.fill(line, Style(.text, on: ground))
    var kept = parts.filter { $0.columns > 0 }
    while kept.count > 1, kept.reduce(0, { $0 + $1.columns + 2 }) > line.columns + 2 {
      let least = kept.indices.min { one, other in
        let (a, b) = (kept[one].priority, kept[other].priority)
        return a == b ? one > other : a < b
      }
      kept.remove(at: least ?? kept.count - 1)
    }
    var left = line.column
    for part in kept where !part.isRight {
      let rest = line.split(left: left - line.column).rest
      left = surface.draw(part.words, in: rest, on: ground, brush: brush) + 2
    }
    var end = line.columns
    for part in kept.reversed() where part.isRight {
      let place = line.split(left: max(0, end - part.columns)).rest
      surface.draw(part.words, in: place, on: ground, brush: brush)
      end -= part.columns + 2
    }
  }
}

/// A key and what it does.
package struct KeyHint: Hashable, Sendable {
  package var key: String
  package var label: String
  package var isEnabled: Bool

  package init(_ key: String, _ label: String, isEnabled: Bool = true) {
    self.key = key
    self.label = label
    self.isEnabled = isEnabled
  }

  var columns: Int { columnCount(of: key) + 1 + columnCount(of: label) }
}

/// A line of keys, as many as there is room for, the first before the last.
package struct KeyHints: Sendable {
  package var hints: [KeyHint]
  /// How many of the last are kept when there is no room for all.
  package var lastKept: Int

  package init(_ hints: [KeyHint], lastKept: Int = 0) {
    self.hints = hints
    self.lastKept = lastKept
  }

  /// How many columns all of them take.
  package var columns: Int {
    hints.reduce(0) { $0 + $1.columns } + 2 * max(0, hints.count - 1)
  }

  package func draw(
    into surface: inout Surface, _ region: Region, _ brush: Brush, on ground: Role = .text
  ) {
    let line = region.line(0)
    var column = 0
    for hint in fitting(line.columns) {
      let rest = line.split(left: column).rest
      let (key, label): (Role, Role) =
        hint.isEnabled ? (.key, .keyLabel) : (.keyDisabled, .keyDisabled)
      surface.draw(
        [Words(hint.key, key), Words(" " + hint.label, label)], in: rest, on: ground, brush: brush)
      column += hint.columns + 2
    }
  }

  /// Those that there is room for: the first ones, and the last where so many are kept.
  private func fitting(_ columns: Int) -> [KeyHint] {
    let last = hints.suffix(lastKept)
    let kept = last.reduce(0) { $0 + $1.columns + 2 }
    var (fitting, used): ([KeyHint], Int) = ([], 0)
    for hint in hints.dropLast(lastKept) {
      guard used + hint.columns + kept <= columns else { break }
      fitting.append(hint)
      used += hint.columns + 2
    }
    for hint in last {
      guard used + hint.columns <= columns else { break }
      fitting.append(hint)
      used += hint.columns + 2
    }
    return fitting
  }
}
