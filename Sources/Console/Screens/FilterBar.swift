// A filter as it is typed: it is asked for every key, a text that does not parse keeps the last one that
// did and says where it went wrong, and the whole is taken away with one Esc.

package import Ambient
package import Terminal
package import Views
package import Widgets

/// A filter with the field that it is typed into.
package struct FilterBar: Sendable {
  private let vocabulary: FilterVocabulary
  private var field = TextField()
  package private(set) var isTyping = false
  /// The last filter that was one.
  package private(set) var filter: Filter?
  private var fault: FilterError?

  package init(_ vocabulary: FilterVocabulary) {
    self.vocabulary = vocabulary
  }

  package var isEmpty: Bool { filter?.isEmpty ?? true }
  /// The text of the filter that is in force.
  package var text: String { filter?.text ?? "" }

  /// Lets the person type.
  package mutating func open() {
    isTyping = true
  }

  package mutating func clear() {
    field.set("")
    (filter, fault, isTyping) = (nil, nil, false)
  }

  /// Whether a row passes, by its values.
  package func passes(at now: WallTime, _ value: (Int) -> FilterValue) -> Bool {
    filter?.matches(at: now, value) ?? true
  }

  /// Takes a key in.
  package mutating func take(_ key: Key) -> [ScreenRequest] {
    switch field.take(key) {
    case .changed: parse()
    case .accepted:
      isTyping = false
      if let fault { return [.say(.refused("the filter stays as it was: \(fault.description)"))] }
    case .cancelled: clear()
    case .stayed, .ignored: break
    }
    return []
  }

  package mutating func take(_ paste: Paste) {
    if field.take(paste) == .changed { parse() }
  }

  private mutating func parse() {
    do throws(FilterError) {
      filter = try Filter(parsing: field.text, vocabulary)
      fault = nil
    } catch {
      fault = error
    }
  }

  /// Draws the line in which it is typed.
  package func draw(into surface: inout Surface, _ region: Region, _ brush: Brush) {
    let (name, rest) = region.line(0).split(left: 8)
    surface.draw(Words(" filter ", .label), in: name, brush: brush)
    let note = fault.map { " at \($0.position + 1): \($0.description) " } ?? ""
    let columns = min(rest.columns / 2, columnCount(of: note))
    let (place, end) = rest.split(left: rest.columns - columns)
    if !note.isEmpty { surface.draw(Words(note, .bad), in: end, brush: brush) }
    field.draw(into: &surface, place, brush, isValid: fault == nil)
  }
}
