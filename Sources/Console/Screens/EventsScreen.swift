// The log of the depot, newest first and live as long as the cursor is at the newest: whoever looks at an
// older event is not moved away from it, and is told how many came meanwhile. A filter is held against
// the rows here, page by page, for the log keeps no index of what it would ask.

internal import Ambient
package import Bytes
internal import Operations
package import Terminal
internal import Views
package import Widgets

extension EventView {
  /// The fields that a filter may ask of an event.
  static let vocabulary = FilterVocabulary(
    [
      FilterField("what", .text, "what it is called, such as stored or receipt"),
      FilterField("kind", .text, "its number, as in 1.002"),
      FilterField("path", .text, "the file that it is about"),
      FilterField("entity", .text, "the stream that it belongs to"),
      FilterField("scope", .text, "the scope that it belongs to"),
      FilterField("age", .age, "how long ago it was"),
    ], searched: "what")

  /// What the event has in a field of the vocabulary.
  func value(of field: Int) -> FilterValue {
    switch field {
    case 0: .text(Array((transition ?? EventWords.name(of: kind)).utf8))
    case 1: .text(Array(kind.utf8))
    case 2: .text(Array((detail ?? "").utf8))
    case 3: .text(Array(entity.utf8))
    case 4: .text(Array(scope.utf8))
    case 5: .time(time)
    default: preconditionFailure("an event has no field \(field)")
    }
  }
}

extension ScreenEntry {
  package static let events = ScreenEntry(.events, "Events") { EventsScreen() }
}

/// The list of events.
package struct EventsScreen: Screen {
  /// Events that are asked for at once, and that are held at most.
  static let pageMax = 500
  static let rowsMax = 10_000
  /// Events that are held against a filter before it waits for another key.
  static let seenMax = 20_000
  private static let margin = 60
  private static let interval = Duration.seconds(1)
  private static let tailSlot = "tail"
  private static let pageSlot = "page"

  private var list = RowList<EventView>()
  private var inquiry = ListInquiry(EventView.vocabulary)
  /// Where the next page begins; nil at the end.
  private var next: UInt64?
  private var isAsking = false
  private var hasAnswer = false
  private var seen = 0
  /// Events that came while the cursor was on an older one.
  private var unseen = 0
  private var fault: String?
  private var askedAt: MonotonicTime?
  private var newestAsked: UInt64 = 0

  package init() {}

  private var filter: String { inquiry.filter }

  package var crumbs: [String] { filter.isEmpty ? [] : [filter] }
  package var isTyping: Bool { inquiry.isTyping }
  package var holdsBack: Bool { !filter.isEmpty }
  package var declined: [CommandName] { [.sort, .sortReverse] }
  package var memory: JSONValue { inquiry.memory }
  package mutating func recall(_ memory: JSONValue) { inquiry.recall(memory) }

  package func hints(_ context: ScreenContext) -> [KeyHint] {
    [context.hint(.open, "event"), context.hint(.top, "newest")].compactMap { $0 }
  }

  package func commandLine(_ context: ScreenContext) -> String? {
    "larder events list \(context.depot)/.p4cache/events"
  }

  /// Whether the cursor is at the newest, so that it goes with what comes.
  private var isLive: Bool { list.cursor.index == 0 }

  // MARK: - Events

  package mutating func handle(
    _ event: ScreenEvent, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch event {
    case .entered: return begin(context)
    case .left:
      isAsking = false
      return []
    case .news, .timeUp: return follow(context)
    case .resized:
      list.follow(seen: rows(context))
      return askForMore(context)
    case .key(let key): return heed(inquiry.take(key), context)
    case .paste(let paste): return heed(inquiry.take(paste), context)
    case .command(let name): return take(name, context)
    case .answer(let slot, let result): return take(slot, result, context)
    case .mouse(let mouse):
      return list.click(mouse, in: frame(context.size.region).list) == .opened
        ? take(.open, context) : []
    }
  }

  private func rows(_ context: ScreenContext) -> Int { frame(context.size.region).seen }

  // MARK: - Asking

  private mutating func begin(_ context: ScreenContext) -> [ScreenRequest] {
    (next, seen, unseen, isAsking) = (nil, 0, 0, true)
    askedAt = context.monotonic
    newestAsked = context.snapshot?.eventStore.visible ?? 0
    list.replace([], seen: rows(context))
    hasAnswer = false
    return [load(Self.pageSlot, after: nil)]
  }

  private func load(_ slot: String, after position: UInt64?) -> ScreenRequest {
    var input: JSONObject = [
      "newestFirst": .bool(true), "payloads": .bool(true), "limit": JSONValue(Self.pageMax),
    ]
    input["after"] = position.map { JSONValue($0) }
    return .load(slot: slot, operation: "events.page", input: .object(input))
  }

  /// Asks for what is newer than what is here, when something is.
  private mutating func follow(_ context: ScreenContext) -> [ScreenRequest] {
    guard hasAnswer, !isTyping, let visible = context.snapshot?.eventStore.visible,
      visible > newestAsked
    else { return [] }
    if let due = askedAt.map({ $0 + Self.interval }), due > context.monotonic {
      return [.wake(due)]
    }
    askedAt = context.monotonic
    newestAsked = visible
    return [load(Self.tailSlot, after: nil)]
  }

  private mutating func askForMore(_ context: ScreenContext) -> [ScreenRequest] {
    guard !isAsking, let next, list.rows.count < Self.rowsMax,
      list.rows.count - list.cursor.index < rows(context) + Self.margin
    else { return [] }
    isAsking = true
    seen = 0
    return [load(Self.pageSlot, after: next)]
  }

  private mutating func take(
    _ slot: String, _ result: Result<Answer, Refusal>, _ context: ScreenContext
  ) -> [ScreenRequest] {
    if slot == Self.pageSlot { isAsking = false }
    switch result {
    case .failure(let refusal):
      (fault, hasAnswer) = (refusal.sentence, true)
      return []
    case .success(let answer):
      fault = nil
      let events = (answer.output["events"]?.array ?? []).compactMap(Self.event)
      if slot == Self.tailSlot {
        prepend(events, context)
        return []
      }
      let isEnd = answer.output["isEnd"]?.bool == true
      next = isEnd ? nil : answer.output["position"]?.integer.flatMap { UInt64(exactly: $0) }
      hasAnswer = true
      seen += events.count
      list.add(passing(events, context), seen: rows(context))
      // A filter that lets few pass goes on until the screen is full, or enough was looked at.
      guard let next, list.rows.count < rows(context), seen < Self.seenMax else { return [] }
      isAsking = true
      return [load(Self.pageSlot, after: next)]
    }
  }

  /// An event of a page; one of a file's own says which file.
  private static func event(_ row: JSONValue) -> EventView? {
    guard var event = EventView(json: row) else { return nil }
    guard event.detail == nil, EventWords.isOfAFile(event.kind),
      let payload = row["payload"]?.string
    else { return event }
    do throws(BytesError) {
      event.detail = EventWords.path(in: try bytes(fromBase64: payload)).map { escaped($0) }
    } catch {
      // Whoever answered writes it otherwise; the header says what it says all the same.
    }
    return event
  }

  private mutating func prepend(_ events: [EventView], _ context: ScreenContext) {
    let newest = list.rows.first?.sequence ?? 0
    let fresh = passing(events, context).filter { $0.sequence > newest }
    guard !fresh.isEmpty else { return }
    let wasLive = isLive
    list.add(fresh, atFront: true, seen: rows(context))
    if list.rows.count > Self.rowsMax {
      list.replace(Array(list.rows.prefix(Self.rowsMax)), seen: rows(context))
    }
    if wasLive {
      list.go(to: 0, seen: rows(context))
    } else {
      unseen += fresh.count
    }
  }

  private func passing(_ events: [EventView], _ context: ScreenContext) -> [EventView] {
    guard !filter.isEmpty else { return events }
    do throws(FilterError) {
      let parsed = try Filter(parsing: filter, EventView.vocabulary)
      return events.filter { event in parsed.matches(at: context.now, event.value(of:)) }
    } catch {
      // Only what parses comes into force.
      return events
    }
  }

  // MARK: - Commands

  private mutating func take(
    _ name: CommandName, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch name {
    case .refresh: return begin(context)
    case .back:
      inquiry.filter = ""
      return begin(context)
    case .filter:
      inquiry.openFilter()
      return []
    case .find:
      inquiry.openFind()
      return []
    case .findNext, .findPrevious: return seek(forward: name == .findNext, context)
    case .open:
      guard let event = list.selected else { return [] }
      return [.open(EventLayer(event.id))]
    case .copy:
      guard let event = list.selected else { return [] }
      return [.copy(event.id), .say(.good("copied the receipt's id \(event.id)"))]
    case .sort, .sortReverse: return [.say(.refused("events stay in the order of the log"))]
    default: break
    }
    guard list.take(name, seen: rows(context)) else {
      return [.say(.refused("there is nothing to do that to here"))]
    }
    if isLive { unseen = 0 }
    return askForMore(context)
  }

  private mutating func heed(
    _ upshot: ListInquiry.Upshot, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch upshot {
    case .nothing: return []
    case .typed, .sought:
      let isThere = list.seek(inquiry, fromHere: true, seen: rows(context))
      return isThere || upshot == .typed ? [] : seek(forward: true, context)
    case .filtered: return begin(context)
    case .refused(let why): return [.say(.refused(why))]
    }
  }

  private mutating func seek(forward: Bool, _ context: ScreenContext) -> [ScreenRequest] {
    guard list.seek(inquiry, forward: forward, seen: rows(context)) else {
      return [
        .say(inquiry.missing("in the \(counted(UInt64(list.rows.count), "event")) here", context))
      ]
    }
    return askForMore(context)
  }

  // MARK: - Drawing

  private func frame(_ region: Region) -> ListFrame {
    ListFrame(region, heads: [(1, from: 8)], hasPrompt: isTyping)
  }

  package func draw(
    into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    let frame = frame(region)
    let (brush, figures) = (context.brush, Figures(context.brush))
    if let line = frame.heads[0] {
      StatusLine(
        [StatusPart([Words(" ")] + summary(context), priority: 5)]
          + (unseen == 0
            ? []
            : [
              StatusPart(
                [Words("\(brush.glyphs.up) \(counted(UInt64(unseen), "newer event")) ", .accent)],
                priority: 9, isRight: true)
            ]),
        on: .text
      ).draw(into: &surface, line, brush)
    }
    list.table(
      [
        TableColumn("Place", Share(minimum: 9, ideal: 11, priority: 8), isRight: true),
        TableColumn("Time", Share(minimum: 8, ideal: 15, priority: 7)),
        TableColumn("Ago", Share(minimum: 6, ideal: 6, priority: 6), isRight: true),
        TableColumn("What happened", Share(minimum: 14, ideal: 18, priority: 10)),
        TableColumn(
          "File or stream", Share(minimum: 26, ideal: 38, weight: 1, priority: 9), cut: .middle),
        TableColumn("No.", Share(minimum: 6, ideal: 7, priority: 3), isRight: true),
        TableColumn("Scope", Share(minimum: 6, ideal: 12, priority: 4)),
        TableColumn("Receipt", Share(minimum: 8, ideal: 8, priority: 2)),
      ], in: frame.list, whenEmpty: emptyWords
    ) { event in
      let civil = CivilTime(event.time)
      return [
        Words(Figures.grouped(Int(clamping: event.sequence)), .dim),
        Words(civil.time, .text),
        Words(figures.duration(max(.zero, context.now - event.time)), .dim),
        Words(event.transition ?? EventWords.name(of: event.kind), EventWords.role(of: event)),
        Words(shown(event.detail ?? event.entity, in: brush.glyphs.alphabet)),
        Words(Figures.grouped(Int(clamping: event.streamSequence)), .dim),
        Words(shown(event.scope, in: brush.glyphs.alphabet), .dim),
        Words(String(event.id.suffix(8)), .dim),
      ]
    }.draw(into: &surface, frame.list, brush)
    inquiry.draw(into: &surface, frame.prompt, brush)
  }

  private func summary(_ context: ScreenContext) -> [Words] {
    if let fault { return [Words(shown(fault, in: context.brush.glyphs.alphabet), .bad)] }
    let all = context.snapshot.map { counted($0.eventStore.visible, "event") }
    var words = [Words(all ?? context.brush.unknown, .strong)]
    if filter.isEmpty {
      words.append(Words(isLive ? "  live" : "  held at an older event", .dim))
    } else {
      words += [
        Words("  filter ", .label), Words(filter, .accent),
        Words("  \(Figures.grouped(list.rows.count)) shown", .dim),
      ]
    }
    return words
  }

  private var emptyWords: String {
    if fault != nil { return "the events cannot be listed" }
    guard hasAnswer else { return "asking for the events" }
    if filter.isEmpty { return "nothing has happened yet" }
    return isAsking ? "looking through the events" : "no event passes the filter; Esc takes it away"
  }

  package func json(_ context: ScreenContext) -> JSONValue {
    .object(["filter": .string(filter), "rows": .array(list.rows.map(\.json))])
  }
}
