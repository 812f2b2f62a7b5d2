// One event in full, over whatever screen is shown: its header, its payload as far as it can be read, its
// receipt, and the events before it in its stream. Enter goes to the event under the cursor.

internal import Ambient
internal import Bytes
internal import Operations
internal import Terminal
internal import Views
internal import Widgets

/// An event and what came before it.
struct EventLayer: Screen {
  /// Events before it that are listed.
  static let ancestorsMax = 100
  private static let payloadRowsMax = 4

  private let id: String
  private var header: EventView?
  private var payload: Payload = .asked
  private var receiptBytes: Int?
  private var correlation: String?
  private var ancestors = RowList<EventView>()
  private var end: String?
  private var fault: String?

  private enum Payload: Sendable {
    case asked
    case bytes([UInt8])
    /// Why it cannot be shown.
    case hidden(String)
  }

  init(_ id: String) { self.id = id }

  mutating func handle(_ event: ScreenEvent, _ context: ScreenContext) -> [ScreenRequest] {
    switch event {
    case .entered, .command(.refresh):
      return [
        .load(slot: "event", operation: "event.get", input: ["event": .string(id)]),
        .load(
          slot: "ancestors", operation: "event.ancestors",
          input: ["event": .string(id), "limit": JSONValue(Self.ancestorsMax)]),
      ]
    case .answer("event", .success(let answer)):
      take(answer.output)
      return []
    case .answer("ancestors", .success(let answer)):
      let events = (answer.output["events"]?.array ?? []).compactMap(EventView.init(json:))
      ancestors.replace(events, seen: seen(context))
      end = answer.output["end"]?.string
      return []
    case .answer(_, .failure(let refusal)):
      fault = refusal.sentence
      return []
    case .resized:
      ancestors.follow(seen: seen(context))
      return []
    case .command(let name): return take(name, context)
    default: return []
    }
  }

  private mutating func take(_ output: JSONValue) {
    header = output["event"].flatMap(EventView.init(json:))
    correlation = output["event"]?["correlation"]?.string
    receiptBytes = output["receipt"]?.string.map { $0.utf8.count / 4 * 3 }
    switch output["payload"]?.string {
    case "bytes":
      do throws(BytesError) {
        payload = .bytes(try bytes(fromBase64: output["bytes"]?.string ?? ""))
      } catch {
        payload = .hidden("it did not arrive whole")
      }
    case "large": payload = .hidden("it is too long to be shown here")
    case "shredded": payload = .hidden("its key was destroyed")
    case "sealed": payload = .hidden("it is sealed, and this store was opened without the key")
    default: payload = .hidden("it is not known")
    }
  }

  private mutating func take(_ name: CommandName, _ context: ScreenContext) -> [ScreenRequest] {
    switch name {
    case .copy: return [.copy(id), .say(.good("copied the receipt's id \(id)"))]
    case .open:
      guard let event = ancestors.selected else { return [] }
      return [.open(EventLayer(event.id))]
    default:
      return ancestors.take(name, seen: seen(context))
        ? [] : [.say(.refused("Esc closes the event"))]
    }
  }

  func hints(_ context: ScreenContext) -> [KeyHint] {
    [
      context.hint(.open, "the one before"), context.hint(.copy, "copy id"),
      context.hint(.back, "close"),
    ]
    .compactMap { $0 }
  }

  // MARK: - Drawing

  private func seen(_ context: ScreenContext) -> Int {
    max(1, context.size.rows - 2 - facts(context, columns: 60).lines.count - 2)
  }

  func draw(into surface: inout Surface, _ region: Region, _ context: ScreenContext) {
    let brush = context.brush
    let box = region.centred(rows: region.rows, columns: min(region.columns, 110))
    surface.fill(box, Style(.text, on: .popup))
    let border = Border([Words("Event", .popupTitle)], isFocused: true, on: .popup)
    let inner = border.draw(into: &surface, box, brush).inset(columns: 1)
    let facts = facts(context, columns: inner.columns)
    let rows = min(facts.lines.count, max(1, inner.rows - 3))
    let (top, rest) = inner.split(top: rows)
    facts.draw(into: &surface, top, brush)
    if rest.rows >= 3 { drawAncestors(into: &surface, rest.split(top: 1).rest, context) }
    surface.restyle(inner) { style in
      if style.ground == .text { style.ground = .popup }
    }
  }

  private func facts(_ context: ScreenContext, columns: Int) -> Facts {
    let brush = context.brush
    var facts = Facts()
    if let fault { facts.add("fault", [Words(fault, .bad)]) }
    guard let header else {
      facts.add("event", [Words(id, .dim)])
      return facts
    }
    facts.add(
      "what",
      [
        Words(EventWords.name(of: header.kind), EventWords.role(of: header), .bold),
        Words("  kind \(header.kind)", .dim),
      ])
    if EventWords.isOfAFile(header.kind), case .bytes(let bytes) = payload,
      let path = EventWords.path(in: bytes)
    {
      facts.add("file", [Words(shown(path, in: brush.glyphs.alphabet), .strong)])
    }
    let ago = Figures(brush).duration(max(.zero, context.now - header.time)).trimmed
    facts.add("when", [Words("\(header.time)"), Words("  \(ago) ago", .dim)])
    facts.add(
      "place",
      [
        Words("\(Figures.grouped(Int(clamping: header.sequence)))"),
        Words(
          "  the \(Figures.grouped(Int(clamping: header.streamSequence))). of \(header.entity)",
          .dim),
      ])
    facts.add(
      "scope", [Words(header.scope.isEmpty ? brush.unknown : header.scope)], isImportant: false)
    facts.add(
      "receipt", [Words(header.id), Words(receiptBytes.map { "  \($0) bytes" } ?? "", .dim)])
    if let correlation, correlation != header.id {
      facts.add("caused in", [Words(correlation, .dim)], isImportant: false)
    }
    add(payloadLines(columns: columns - facts.nameColumns), to: &facts)
    return facts
  }

  private func add(_ lines: [String], to facts: inout Facts) {
    for (index, line) in lines.enumerated() {
      facts.add(index == 0 ? "payload" : "", [Words(line, .dim)], isImportant: index == 0)
    }
  }

  /// The payload as bytes in hexadecimal with what is text of them beside.
  private func payloadLines(columns: Int) -> [String] {
    switch payload {
    case .asked: return ["asking"]
    case .hidden(let why): return [why]
    case .bytes(let bytes):
      guard !bytes.isEmpty else { return ["none"] }
      let width = max(4, min(16, (columns - 2) / 4))
      var lines = ["\(Figures.grouped(bytes.count)) bytes"]
      for start in stride(from: 0, to: bytes.count, by: width).prefix(Self.payloadRowsMax) {
        let piece = Array(bytes[start..<min(start + width, bytes.count)])
        let hex = piece.map { hexadecimal([$0]) }.joined(separator: " ")
        let text = piece.map { (0x20..<0x7F).contains($0) ? String(UnicodeScalar($0)) : "." }
        lines.append(padded(hex, columns: width * 3) + " " + text.joined())
      }
      return lines
    }
  }

  private func drawAncestors(
    into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    let figures = Figures(context.brush)
    ancestors.table(
      [
        TableColumn("Before it", Share(minimum: 13, ideal: 16, priority: 9)),
        TableColumn("Ago", Share(minimum: 6, ideal: 6, priority: 8), isRight: true),
        TableColumn("Place", Share(minimum: 9, ideal: 12, priority: 6), isRight: true),
        TableColumn("Receipt", Share(minimum: 12, ideal: 34, weight: 1, priority: 7)),
      ], in: region,
      whenEmpty: end.map { Self.endWords[$0] ?? $0 } ?? "asking what came before"
    ) { event in
      [
        Words(EventWords.name(of: event.kind), EventWords.role(of: event)),
        Words(figures.duration(max(.zero, context.now - event.time)), .dim),
        Words(Figures.grouped(Int(clamping: event.sequence))), Words(event.id, .dim),
      ]
    }.draw(into: &surface, region, context.brush)
  }

  private static let endWords = [
    "genesis": "it is the first of its stream", "limit": "there are more",
    "removed": "what came before was removed", "missing": "what came before is missing",
    "failed": "what came before cannot be read",
  ]
}
