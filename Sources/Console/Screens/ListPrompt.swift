// The line in which a person types what to look for, or a filter. What is typed takes effect at once; a
// filter that does not parse keeps the last one that did, and says where it is wrong.

internal import Terminal
internal import Views
internal import Widgets

/// A field below a list.
struct ListPrompt: Sendable {
  enum Purpose: Sendable {
    case find, filter
  }
  let purpose: Purpose
  private(set) var field: TextField
  /// What was in force when it was opened.
  let before: String
  /// What is wrong with what is typed; nil when nothing is.
  var fault: String?

  init(_ purpose: Purpose, _ text: String = "", history: [String]) {
    self.purpose = purpose
    field = TextField(text, history: history)
    before = text
  }

  var text: String { field.text }
  var history: [String] { field.history }

  mutating func take(_ key: Key) -> FieldOutcome { field.take(key) }
  mutating func take(_ paste: Paste) -> FieldOutcome { field.take(paste) }

  func draw(into surface: inout Surface, _ line: Region, _ brush: Brush) {
    surface.fill(line, Style(.text, on: .input))
    let name = purpose == .find ? " find " : " filter "
    let (label, rest) = line.split(left: name.count)
    surface.draw(Words(name, .key), in: label, on: .input, brush: brush)
    let saying = fault.map { " \($0) " } ?? ""
    let room = saying.isEmpty ? rest.columns : max(12, rest.columns - columnCount(of: saying))
    let (text, note) = rest.split(left: room)
    field.draw(
      into: &surface, text, brush, isValid: fault == nil)
    surface.draw(Words(saying, .warning), in: note, on: .input, brush: brush)
  }
}
