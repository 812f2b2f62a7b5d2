// The way of files to the cold store, in four parts: what is under way, what waits for its turn, what waits
// for its next try, and what gave up. What is under way is in the snapshot; the others are pages of
// the manifest.

internal import Ambient
package import Bytes
internal import Operations
package import Terminal
internal import Views
package import Widgets

extension CommandName {
  static let uploadsPart: CommandName = "uploads.part"
}

extension ScreenEntry {
  package static let uploads = ScreenEntry(
    .uploads, "Uploads",
    commands: [
      ConsoleCommand(
        .uploadsPart, "next part", "Show the next part of the uploads", .finding, .on([.uploads]),
        keys: ["t"], hint: 22)
    ]
  ) { UploadsScreen() }
}

/// The queue of uploads.
package struct UploadsScreen: Screen {
  /// A part of the queue.
  enum Part: String, CaseIterable, Sendable {
    case inFlight, queued, waiting, failed

    var title: String {
      switch self {
      case .inFlight: "in flight"
      case .queued: "queued"
      case .waiting: "retrying"
      case .failed: "failed"
      }
    }
  }
  /// Rows that are asked for at once, and that are held at most.
  static let pageMax = 500
  static let rowsMax = 10_000
  private static let margin = 60
  private static let interval = Duration.seconds(2)
  private static let slot = "rows"

  private var part = Part.inFlight
  private var transfers = RowList<TransferRow>()
  private var files = RowList<FileView>()
  private var next: String?
  private var isAsking = false
  private var isNew = true
  private var hasAnswer = false
  private var fault: String?
  private var askedAt: MonotonicTime?
  private var movedAt: MonotonicTime?
  private var inquiry = ListInquiry()

  package init() {}

  package var crumbs: [String] { [part.title] }
  package var isTyping: Bool { inquiry.isTyping }
  package var showsSnapshot: Bool { part == .inFlight }
  package var declined: [CommandName] { [.filter, .sort, .sortReverse] }
  package var memory: JSONValue { inquiry.memory }
  package mutating func recall(_ memory: JSONValue) { inquiry.recall(memory) }
  package var selection: Selection? {
    part == .inFlight ? transfers.selection : files.selection
  }

  package func hints(_ context: ScreenContext) -> [KeyHint] {
    let names: [CommandName] =
      part == .failed ? [.retry, .uploadsPart] : [.uploadsPart, .prioritise]
    return names.compactMap { context.hint($0) }
  }

  package func commandLine(_ context: ScreenContext) -> String? { "larder uploads list" }

  // MARK: - Events

  package mutating func handle(
    _ event: ScreenEvent, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch event {
    case .entered:
      takeTransfers(context)
      return part == .inFlight ? [] : ask(context)
    case .left:
      isAsking = false
      return []
    case .news, .timeUp:
      takeTransfers(context)
      return refresh(context)
    case .resized:
      transfers.follow(seen: seen(context))
      files.follow(seen: seen(context))
      return []
    case .key(let key): return heed(inquiry.take(key), context)
    case .paste(let paste): return heed(inquiry.take(paste), context)
    case .command(let name):
      movedAt = context.monotonic
      return take(name, context)
    case .answer(_, let result): return take(result, context)
    case .mouse(let mouse):
      movedAt = context.monotonic
      return click(mouse, in: frame(context.size.region)) ? take(.open, context) : []
    }
  }

  private func seen(_ context: ScreenContext) -> Int { frame(context.size.region).seen }

  /// Whether the click looks into what is under it.
  private mutating func click(_ mouse: MouseEvent, in frame: ListFrame) -> Bool {
    let clicked =
      part == .inFlight
      ? transfers.click(mouse, in: frame.list) : files.click(mouse, in: frame.list)
    return clicked == .opened
  }

  private mutating func takeTransfers(_ context: ScreenContext) {
    transfers.replace(
      (context.snapshot?.uploads.inFlight ?? []).map { TransferRow(view: $0) },
      seen: seen(context))
  }

  // MARK: - Asking

  private mutating func ask(_ context: ScreenContext, after token: String? = nil)
    -> [ScreenRequest]
  {
    if token == nil { isNew = true }
    (isAsking, askedAt) = (true, context.monotonic)
    var input: JSONObject = [
      "part": .string(part.rawValue), "limit": JSONValue(Self.pageMax),
    ]
    input["after"] = token.map { .string($0) }
    return [.load(slot: Self.slot, operation: "uploads.page", input: .object(input))]
  }

  private mutating func refresh(_ context: ScreenContext) -> [ScreenRequest] {
    guard part != .inFlight, !isAsking, !isTyping, !files.isMarkingRange,
      files.rows.count <= Self.pageMax
    else { return [] }
    let due = [movedAt, askedAt].compactMap { $0.map { $0 + Self.interval } }.max()
    if let due, due > context.monotonic { return [.wake(due)] }
    return ask(context)
  }

  private mutating func take(
    _ result: Result<Answer, Refusal>, _ context: ScreenContext
  ) -> [ScreenRequest] {
    isAsking = false
    hasAnswer = true
    switch result {
    case .failure(let refusal): fault = refusal.sentence
    case .success(let answer):
      fault = nil
      let rows = (answer.output["rows"]?.array ?? []).compactMap(FileView.init(json:))
      next = answer.output["next"]?.string
      if isNew {
        files.replace(rows, seen: seen(context))
      } else {
        files.add(rows, seen: seen(context))
      }
      isNew = false
    }
    return []
  }

  private mutating func show(_ part: Part, _ context: ScreenContext) -> [ScreenRequest] {
    guard part != self.part else { return [] }
    self.part = part
    files = RowList()
    (next, fault, hasAnswer, isAsking) = (nil, nil, false, false)
    return part == .inFlight ? [.drop(slot: Self.slot)] : ask(context)
  }

  // MARK: - Commands

  private mutating func take(
    _ name: CommandName, _ context: ScreenContext
  ) -> [ScreenRequest] {
    let all = Part.allCases
    let place = all.firstIndex(of: part) ?? 0
    switch name {
    case .uploadsPart: return show(all[(place + 1) % all.count], context)
    case .right: return show(all[min(place + 1, all.count - 1)], context)
    case .left: return show(all[max(place - 1, 0)], context)
    case .refresh: return part == .inFlight ? [] : ask(context)
    case .open:
      guard let path = selectedPath else { return [] }
      return [.open(FileLayer(path))]
    case .copy:
      guard let path = selectedPath else { return [] }
      return [.copy(path), .say(.good("copied \(path)"))]
    case .find:
      inquiry.openFind()
      return []
    case .findNext, .findPrevious: return seek(forward: name == .findNext, context)
    case .filter: return [.say(.refused("the files screen filters; try state:dirty there"))]
    case .sort, .sortReverse: return [.say(.refused("the queue stays in its order"))]
    default: break
    }
    let isTaken =
      part == .inFlight
      ? transfers.take(name, seen: seen(context)) : files.take(name, seen: seen(context))
    guard isTaken else { return [.say(.refused("there is nothing to do that to here"))] }
    guard part != .inFlight, !isAsking, let next, files.rows.count < Self.rowsMax,
      files.rows.count - files.cursor.index < seen(context) + Self.margin
    else { return [] }
    return ask(context, after: next)
  }

  private var selectedPath: String? {
    part == .inFlight ? transfers.selected?.id : files.selected?.id
  }

  private mutating func heed(
    _ upshot: ListInquiry.Upshot, _ context: ScreenContext
  ) -> [ScreenRequest] {
    guard upshot == .typed || upshot == .sought else { return [] }
    let isThere = go(forward: true, fromHere: true, context)
    return isThere || upshot == .typed ? [] : seek(forward: true, context)
  }

  private mutating func seek(forward: Bool, _ context: ScreenContext) -> [ScreenRequest] {
    go(forward: forward, fromHere: false, context)
      ? [] : [.say(inquiry.missing("among these", context))]
  }

  private mutating func go(forward: Bool, fromHere: Bool, _ context: ScreenContext) -> Bool {
    let rows = seen(context)
    return part == .inFlight
      ? transfers.seek(inquiry, forward: forward, fromHere: fromHere, seen: rows)
      : files.seek(inquiry, forward: forward, fromHere: fromHere, seen: rows)
  }

  // MARK: - Drawing

  /// The parts of the queue, the figures, the list.
  private func frame(_ region: Region) -> ListFrame {
    ListFrame(region, heads: [(1, from: 5), (1, from: 10)], hasPrompt: isTyping)
  }

  package func draw(
    into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    let frame = frame(region)
    let brush = context.brush
    if let line = frame.heads[0] { drawTabs(into: &surface, line, context) }
    if let line = frame.heads[1] { drawFacts(into: &surface, line, context) }
    if part == .inFlight {
      TransferTable(transfers, context, whenEmpty: emptyWords(context)).draw(
        into: &surface, frame.list)
    } else {
      let columns: FileColumns = part == .queued ? .usual : .trouble
      let isShort = frame.list.columns < 72
      let cells = FileCells(columns: columns, brush: brush, now: context.now, isShort: isShort)
      var headers = columns.columns(sortedBy: .directory, descends: false)
      if isShort { headers[0].share = Share(minimum: 5, ideal: 5, priority: 9) }
      files.table(headers, in: frame.list, whenEmpty: emptyWords(context), cells: cells.cells)
        .draw(into: &surface, frame.list, brush)
    }
    inquiry.draw(into: &surface, frame.prompt, brush)
  }

  private func drawTabs(
    into surface: inout Surface, _ line: Region, _ context: ScreenContext
  ) {
    let uploads = context.snapshot?.uploads
    let counts: [UInt64?] = [
      uploads.map { UInt64($0.inFlight.count) }, uploads?.queued.files, uploads?.waiting.files,
      context.snapshot?.files.failed.files,
    ]
    var words = [Words(" ")]
    for (other, count) in zip(Part.allCases, counts) {
      let number = count.map { Figures.grouped(Int(clamping: $0)) } ?? context.brush.unknown
      let isBad = other == .failed && (count ?? 0) > 0
      let isWarning = other == .waiting && (count ?? 0) > 0
      words.append(
        Words(other.title, other == part ? .title : .dim, other == part ? .underline : []))
      words.append(Words(" \(number)", isBad ? .bad : isWarning ? .warning : .text))
      words.append(Words("   "))
    }
    let marks = part == .inFlight ? transfers.markWords : files.markWords
    var all = [StatusPart(words, priority: 5)]
    if !marks.isEmpty { all.append(StatusPart(marks + [Words(" ")], priority: 9, isRight: true)) }
    StatusLine(all, on: .text).draw(into: &surface, line, context.brush)
  }

  private func drawFacts(
    into surface: inout Surface, _ line: Region, _ context: ScreenContext
  ) {
    guard let uploads = context.snapshot?.uploads else { return }
    let (brush, figures) = (context.brush, Figures(context.brush))
    var words: [Words]
    if let hold = uploads.hold {
      words = [
        Words(
          " \(brush.glyphs.warning) held by \(hold.holder) for "
            + "\(figures.duration(max(.zero, context.now - hold.since)).trimmed): ", .warning),
        Words(shown(hold.reason, in: brush.glyphs.alphabet), .warning),
      ]
    } else {
      let rate = uploads.rate.bytesPerSecond.last.map { ByteCount($0) }
      words = [
        Words(" rate ", .label), Words(figures.rate(rate), .strong),
        Words("  oldest ", .label),
        Words(figures.duration(uploads.oldest.map { max(.zero, context.now - $0) })),
        Words("  drained in ", .label), Words(figures.drain(uploads.drain)),
      ]
      let stored = [
        Words("  stored ", .label), Words(counted(uploads.stored)),
        Words(", \(ByteCount(uploads.storedBytes)) since the start ", .dim),
      ]
      // A figure that would be cut is left out.
      if (words + stored).reduce(0, { $0 + $1.columns }) <= line.columns { words += stored }
    }
    let end = surface.draw(words, in: line, brush: brush)
    let chart = line.split(left: end - line.column + 1).rest
    guard chart.columns >= 10 else { return }
    Sparkline(uploads.rate.bytesPerSecond.map { Double($0) }, role: .chart1)
      .draw(into: &surface, chart.split(left: min(60, chart.columns - 1)).left, brush)
  }

  private func emptyWords(_ context: ScreenContext) -> String {
    if let fault { return fault }
    if context.snapshot == nil { return "waiting for the engine" }
    if part != .inFlight && !hasAnswer { return "asking for what is \(part.title)" }
    return switch part {
    case .inFlight: "nothing is being uploaded"
    case .queued: "nothing waits: everything that was written is stored or on its way"
    case .waiting: "nothing waits for another try"
    case .failed: "no upload gave up"
    }
  }

  package func json(_ context: ScreenContext) -> JSONValue {
    .object([
      "part": .string(part.rawValue),
      "rows": .array(
        part == .inFlight ? transfers.rows.map(\.view.json) : files.rows.map(\.json)),
    ])
  }
}
