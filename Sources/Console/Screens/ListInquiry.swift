// What a person looks for in a list: the text that is sought, the filter that is in force, and the line in
// which either is typed. What is typed takes effect at once, a filter that does not parse keeps the last
// one that did, and leaving without Enter brings the one before back. The list itself belongs to the
// screen, which is told what to do.

internal import Bytes
internal import Terminal
internal import Views
internal import Widgets

/// A search and a filter of one list.
struct ListInquiry: Sendable {
  /// What follows from a key.
  enum Upshot: Equatable, Sendable {
    case nothing
    /// Go to the first from here on that has the text; it is still being typed.
    case typed
    /// The same, and say so if none has.
    case sought
    /// Another filter is in force.
    case filtered
    case refused(String)
  }

  private let vocabulary: FilterVocabulary?
  private(set) var prompt: ListPrompt?
  /// The text that was looked for last.
  private(set) var sought = ""
  /// The filter that is in force.
  var filter = ""
  private var histories = (find: [String](), filter: [String]())

  /// An inquiry into a list that can be filtered by these fields; nil where nothing is filtered.
  init(_ vocabulary: FilterVocabulary? = nil) {
    self.vocabulary = vocabulary
  }

  var isTyping: Bool { prompt != nil }

  mutating func openFind() {
    prompt = ListPrompt(.find, history: histories.find)
  }

  mutating func openFilter() {
    precondition(vocabulary != nil, "this list cannot be filtered")
    prompt = ListPrompt(.filter, filter, history: histories.filter)
  }

  mutating func take(_ key: Key) -> Upshot {
    guard var field = prompt else { return .nothing }
    let outcome = field.take(key)
    prompt = field
    switch outcome {
    case .changed: return typed()
    case .stayed, .ignored: return .nothing
    case .accepted:
      prompt = nil
      guard field.purpose == .filter else {
        (histories.find, sought) = (field.history, field.text)
        return .sought
      }
      histories.filter = field.history
      return field.fault.map { .refused("the filter is as before: \($0)") } ?? .nothing
    case .cancelled:
      prompt = nil
      guard field.purpose == .filter, filter != field.before else { return .nothing }
      filter = field.before
      return .filtered
    }
  }

  mutating func take(_ paste: Paste) -> Upshot {
    prompt?.take(paste) == .changed ? typed() : .nothing
  }

  private mutating func typed() -> Upshot {
    guard var field = prompt else { return .nothing }
    defer { prompt = field }
    guard field.purpose == .filter, let vocabulary else {
      sought = field.text
      return .typed
    }
    do throws(FilterError) {
      _ = try Filter(parsing: field.text, vocabulary)
      field.fault = nil
      guard filter != field.text else { return .nothing }
      filter = field.text
      return .filtered
    } catch {
      field.fault = "at \(error.position + 1): \(error)"
      return .nothing
    }
  }

  /// What was looked for, for the next time.
  var memory: JSONValue {
    func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
    return ["find": list(histories.find), "filter": list(histories.filter)]
  }

  mutating func recall(_ memory: JSONValue) {
    func texts(_ name: String) -> [String] {
      Array((memory[name]?.array ?? []).compactMap(\.string).suffix(TextField.historyMax))
    }
    histories = (texts("find"), texts("filter"))
  }

  /// Why there is nothing to go to; `looked` says where it was looked for, as in `not in the 12 rows here`.
  func missing(_ looked: String, _ context: ScreenContext) -> Notice {
    sought.isEmpty
      ? .refused("nothing is sought; \(context.key(of: .find) ?? "/") begins")
      : .refused("'\(sought)' is not \(looked)")
  }

  /// Draws the line in which it is typed, where there is one.
  func draw(into surface: inout Surface, _ line: Region?, _ brush: Brush) {
    if let line, let prompt { prompt.draw(into: &surface, line, brush) }
  }
}

extension RowList {
  /// Goes to the next row that has what is sought; whether one has.
  mutating func seek(
    _ inquiry: ListInquiry, forward: Bool = true, fromHere: Bool = false, seen: Int
  ) -> Bool {
    guard let place = place(of: inquiry.sought, forward: forward, fromHere: fromHere) else {
      return false
    }
    go(to: place, seen: seen)
    return true
  }
}
