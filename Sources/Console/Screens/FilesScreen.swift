// The files of a depot, as a list in any order through a filter, or as a tree. A depot may have ten million:
// the screen holds the pages that it has come to, from one end of the order, and asks for the next when
// the cursor comes near. What is asked is asked off the loop, and a newer question replaces an older.
//
//   entered, news, order, filter ─▶ first page ─▶ rows ─▶ cursor near the end ─▶ next page ─▶ …
//   a filter may answer with a token and no rows: the next page is asked for until there are some
//
// While the cursor moves or a range is being marked, rows are not replaced under it.

internal import Ambient
package import Bytes
internal import Operations
internal import Terminal
internal import Views
package import Widgets

extension CommandName {
  static let filesTree: CommandName = "files.tree"
  static let filesColumns: CommandName = "files.columns"
  static let filesDetail: CommandName = "files.detail"
  static let showFailed: CommandName = "show.failed"
}

extension ScreenEntry {
  package static let files = ScreenEntry(
    .files, "Files",
    commands: [
      ConsoleCommand(
        .filesTree, "tree", "Show the files as a tree, or as a list", .finding, .on([.files]),
        keys: ["t"], hint: 22),
      ConsoleCommand(
        .filesColumns, "columns", "Show other columns", .finding, .on([.files]), keys: ["c"]),
      ConsoleCommand(
        .filesDetail, "details", "Show or hide what is known of one file", .finding, .on([.files]),
        keys: ["i"]),
      ConsoleCommand(
        .showFailed, "failed files", "Show the files that could not be stored", .screens,
        .leading(to: .files), keys: ["F"]),
    ]
  ) { FilesScreen() }
}

/// The list and the tree of files.
package struct FilesScreen: Screen {
  /// Rows that are asked for at once, and that are held at most.
  static let pageMax = 500
  static let rowsMax = 20_000
  /// How many rows before the last the next page is asked for.
  private static let margin = 60
  /// How long after a key the list stays as it is, and how far apart it is asked for anew.
  private static let stillness = Duration.milliseconds(1_500)
  private static let interval = Duration.seconds(2)
  private static let slot = "rows"

  var list = RowList<FileView>()
  var tree = FileTree()
  var isTree = false
  var order = FileOrder.path
  var descends = false
  var inquiry = ListInquiry(FileView.vocabulary)
  var columns = FileColumns.usual
  var detail = FileDetail()
  /// Whether the detail is shown; nil where the room decides.
  private(set) var detailWish: Bool?
  /// The token of the next page; nil at the end.
  private(set) var next: String?
  /// Rows are from the end of the order, and grow at the front.
  private var isFromEnd = false
  /// Whether the cursor goes to the first of the rows that come.
  private var goesFirst = false
  private var isAsking = false
  /// Rows of a refresh that has not as many yet as it replaces.
  private var incoming: [FileView]?
  private(set) var hasAnswer = false
  /// Files that were held against the filter since it was typed.
  private(set) var seen: UInt64 = 0
  private(set) var fault: String?
  private var movedAt: MonotonicTime?
  private var askedAt: MonotonicTime?

  package init() {}

  /// The filter that is in force.
  var filter: String { inquiry.filter }

  // MARK: - What the console asks

  package var crumbs: [String] {
    if isTree { return ["tree"] }
    return filter.isEmpty ? [] : [filter]
  }
  package var isTyping: Bool { inquiry.isTyping }
  package var holdsBack: Bool { detail.isFocused || detailWish == true || !filter.isEmpty }
  package var selection: Selection? {
    if detail.isFocused, let path = detail.path {
      return Selection(paths: [path], bytes: detail.file?.size)
    }
    return isTree ? tree.selection : list.selection
  }

  package var memory: JSONValue {
    [
      "inquiry": inquiry.memory, "tree": .bool(isTree), "order": .string(order.rawValue),
      "descends": .bool(descends), "columns": .string(columns.rawValue),
    ]
  }

  package mutating func recall(_ memory: JSONValue) {
    inquiry.recall(memory["inquiry"] ?? .null)
    isTree = memory["tree"]?.bool ?? isTree
    order = memory["order"]?.string.flatMap { FileOrder(rawValue: $0) } ?? order
    descends = memory["descends"]?.bool ?? descends
    columns = memory["columns"]?.string.flatMap { FileColumns(rawValue: $0) } ?? columns
  }

  package func hints(_ context: ScreenContext) -> [KeyHint] {
    if detail.isFocused { return [.copy, .back].compactMap { context.hint($0) } }
    return [
      context.hint(.open, isTree ? "open" : "details"),
      context.hint(.filesTree, isTree ? "list" : "tree"),
    ].compactMap { $0 }
  }

  package func commandLine(_ context: ScreenContext) -> String? {
    var words = "larder manifest list"
    if order != .path { words += " --order \(order.rawValue)" }
    if !filter.isEmpty {
      words +=
        " --filter '\(filter.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
    }
    return words
  }

  // MARK: - Events

  package mutating func handle(
    _ event: ScreenEvent, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch event {
    case .entered: return ask(context) + lookAtSelected(context)
    case .left:
      isAsking = false
      incoming = nil
      return []
    case .news: return refresh(context)
    case .timeUp: return refresh(context)
    case .resized:
      follow(context)
      return lookAtSelected(context)
    case .key(let key): return heed(inquiry.take(key), context)
    case .paste(let paste): return heed(inquiry.take(paste), context)
    case .command(let name):
      movedAt = context.monotonic
      return take(name, context)
    case .answer(let slot, let result): return take(slot, result, context)
    case .mouse(let mouse):
      movedAt = context.monotonic
      return click(mouse, context)
    }
  }

  private mutating func follow(_ context: ScreenContext) {
    let rows = layout(context).seen
    list.follow(seen: rows)
    tree.follow(seen: rows)
  }

  private mutating func click(_ mouse: MouseEvent, _ context: ScreenContext) -> [ScreenRequest] {
    let layout = layout(context)
    guard layout.detail == nil || layout.isBeside else { return [] }
    let clicked =
      isTree
      ? tree.list.click(mouse, in: layout.list) : list.click(mouse, in: layout.list)
    guard clicked != .missed else { return [] }
    detail.isFocused = false
    return clicked == .opened ? take(.open, context) : askForMore(context) + lookAtSelected(context)
  }

  // MARK: - Asking

  /// Asks for the first page, and throws away what comes of older questions.
  private mutating func ask(_ context: ScreenContext, wanted: Int? = nil) -> [ScreenRequest] {
    askedAt = context.monotonic
    if isTree { return tree.refresh() }
    isAsking = true
    incoming = nil
    seen = 0
    return [load(after: nil, limit: wanted ?? Self.pageMax)]
  }

  private func load(after token: String?, limit: Int) -> ScreenRequest {
    var input: JSONObject = [
      "order": .string(order.rawValue), "descending": .bool(descends != isFromEnd),
      "limit": JSONValue(max(1, min(limit, Self.pageMax))),
    ]
    if !filter.isEmpty { input["filter"] = .string(filter) }
    input["after"] = token.map { .string($0) }
    return .load(slot: Self.slot, operation: "manifest.page", input: .object(input))
  }

  /// Asks anew when there is news, unless somebody is at it.
  private mutating func refresh(_ context: ScreenContext) -> [ScreenRequest] {
    guard !isAsking, !isTyping else { return [] }
    let due = [
      movedAt.map { $0 + Self.stillness }, askedAt.map { $0 + Self.interval },
    ].compactMap { $0 }.max()
    if let due, due > context.monotonic { return [.wake(due)] }
    guard !list.isMarkingRange, list.rows.count <= Self.pageMax || isTree else { return [] }
    askedAt = context.monotonic
    if isTree { return tree.refresh() + lookAtSelected(context, isStale: true) }
    isAsking = true
    incoming = []
    seen = 0
    return [load(after: nil, limit: max(list.rows.count, Self.pageMax / 5))]
      + lookAtSelected(context, isStale: true)
  }

  /// Asks for the next page when the cursor is near the end of what there is.
  private mutating func askForMore(_ context: ScreenContext) -> [ScreenRequest] {
    guard !isTree, !isAsking, let next, list.rows.count < Self.rowsMax else { return [] }
    let rows = layout(context).seen
    let left = isFromEnd ? list.cursor.index : list.rows.count - list.cursor.index
    guard left < rows + Self.margin else { return [] }
    isAsking = true
    return [load(after: next, limit: Self.pageMax)]
  }

  private mutating func take(
    _ slot: String, _ result: Result<Answer, Refusal>, _ context: ScreenContext
  ) -> [ScreenRequest] {
    let layout = layout(context)
    if slot == FileDetail.slot {
      detail.take(result, seen: FileDetail.seen(context.size.rows))
      return []
    }
    if tree.take(slot, result, seen: layout.seen) { return lookAtSelected(context) }
    isAsking = false
    switch result {
    case .failure(let refusal):
      (fault, hasAnswer) = (refusal.sentence, true)
      incoming = nil
      return []
    case .success(let answer):
      fault = nil
      return show(answer.output, context) + lookAtSelected(context)
    }
  }

  private mutating func show(_ output: JSONValue, _ context: ScreenContext) -> [ScreenRequest] {
    let layout = layout(context)
    let isFirst = next == nil || incoming != nil || !hasAnswer || isNew
    seen += UInt64(clamping: output["seen"]?.integer ?? 0)
    let answered = (output["rows"]?.array ?? []).compactMap(FileView.init(json:))
    let rows = isFromEnd ? answered.reversed() : answered
    let token = output["next"]?.string
    if let before = incoming {
      // What is shown stays until there is as much to show instead.
      let gathered = isFromEnd ? rows + before : before + rows
      if let token, gathered.count < list.rows.count {
        incoming = gathered
        isAsking = true
        return [load(after: token, limit: Self.pageMax)]
      }
      incoming = nil
      list.replace(gathered, seen: layout.seen)
    } else if isFirst {
      list.replace(rows, seen: layout.seen)
      if isFromEnd { list.go(to: list.rows.count - 1, seen: layout.seen) }
      if goesFirst { list.go(to: 0, seen: layout.seen) }
      goesFirst = false
    } else {
      list.add(rows, atFront: isFromEnd, seen: layout.seen)
    }
    (next, hasAnswer, isNew) = (token, true, false)
    // A filter that lets few pass goes on until the screen is full.
    if let token, list.rows.count < layout.seen {
      isAsking = true
      return [load(after: token, limit: Self.pageMax)]
    }
    return []
  }

  /// Whether the next answer is of a question that has nothing to do with what is shown.
  private var isNew = true

  /// Begins again with another order or filter.
  private mutating func renew(_ context: ScreenContext) -> [ScreenRequest] {
    (next, isNew, isFromEnd) = (nil, true, false)
    return ask(context)
  }

  /// Has the detail follow the cursor.
  private mutating func lookAtSelected(
    _ context: ScreenContext, isStale: Bool = false
  ) -> [ScreenRequest] {
    guard layout(context).detail != nil else { return [] }
    return detail.show(isTree ? tree.file : list.selected, isStale: isStale)
  }

  // MARK: - Commands

  private mutating func take(
    _ name: CommandName, _ context: ScreenContext
  ) -> [ScreenRequest] {
    let rows = layout(context).seen
    if detail.isFocused { return takeInDetail(name, context) }
    switch name {
    case .refresh: return renew(context)
    case .back: return goBack(context)
    case .filter: return openFilter(context)
    case .find:
      inquiry.openFind()
      return []
    case .findNext, .findPrevious: return seek(forward: name == .findNext, context)
    case .copy:
      guard let path = isTree ? tree.list.selected?.searched : list.selected?.id else { return [] }
      return [.copy(path), .say(.good("copied \(path)"))]
    case .filesTree:
      isTree.toggle()
      askedAt = nil
      return ask(context) + lookAtSelected(context)
    case .filesDetail:
      detailWish = layout(context).detail == nil
      return lookAtSelected(context)
    case .showFailed:
      (isTree, inquiry.filter, columns) = (false, "state:failed", .trouble)
      return renew(context)
    default: break
    }
    if isTree {
      if name == .open, let file = tree.file { return open(file, context) }
      if let requests = tree.take(name, seen: rows) { return requests + lookAtSelected(context) }
      return [.say(.refused("that is for the list; \(context.key(of: .filesTree) ?? "") shows it"))]
    }
    return takeInList(name, rows, context)
  }

  private mutating func takeInList(
    _ name: CommandName, _ rows: Int, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch name {
    case .sort:
      order = order.next
      descends = order == .size || order == .read
      return renew(context) + [.say(Notice("sorted by \(order.words)", .dim))]
    case .sortReverse:
      descends.toggle()
      return renew(context)
    case .filesColumns:
      columns = columns.next
      return []
    case .open, .right:
      guard let file = list.selected else { return [] }
      return open(file, context)
    case .top where isFromEnd && next != nil:
      goesFirst = true
      return renew(context)
    case .bottom where !isFromEnd && next != nil:
      (isFromEnd, isNew) = (true, true)
      return ask(context)
    default: break
    }
    guard list.take(name, seen: rows) else {
      return [.say(.refused("there is nothing to do that to here"))]
    }
    return askForMore(context) + lookAtSelected(context)
  }

  private mutating func open(_ file: FileView, _ context: ScreenContext) -> [ScreenRequest] {
    if layout(context).detail == nil { detailWish = true }
    detail.isFocused = true
    return detail.show(file)
  }

  private mutating func takeInDetail(
    _ name: CommandName, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch name {
    case .back, .left: return goBack(context)
    case .copy:
      guard let event = detail.history.selected else { return [] }
      return [.copy(event.id), .say(.good("copied the receipt's id \(event.id)"))]
    case .open:
      guard let event = detail.history.selected else { return [] }
      return [.open(EventLayer(event.id))]
    case .refresh: return lookAtSelected(context, isStale: true)
    case .filesDetail: return goBack(context)
    default:
      _ = detail.take(name, seen: FileDetail.seen(context.size.rows))
      return []
    }
  }

  /// Goes back by one step: from the history, from the details, from the filter.
  private mutating func goBack(_ context: ScreenContext) -> [ScreenRequest] {
    if detail.isFocused {
      detail.isFocused = false
      if detailWish == true && !layout(context).isBeside { detailWish = nil }
      return []
    }
    if detailWish == true {
      detailWish = nil
      return []
    }
    inquiry.filter = ""
    return renew(context)
  }

  // MARK: - Typing

  private mutating func openFilter(_ context: ScreenContext) -> [ScreenRequest] {
    if isTree {
      isTree = false
      if case .directory(let directory, _, _) = tree.list.selected {
        inquiry.filter = "path:\(escaped(directory.path))/** "
      }
    }
    inquiry.openFilter()
    return hasAnswer ? [] : ask(context)
  }

  /// What is typed takes effect.
  private mutating func heed(
    _ upshot: ListInquiry.Upshot, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch upshot {
    case .nothing: return []
    case .typed, .sought:
      let isThere = go(forward: true, fromHere: true, context)
      return isThere || upshot == .typed
        ? lookAtSelected(context) : seek(forward: true, context)
    case .filtered: return renew(context)
    case .refused(let why): return [.say(.refused(why))]
    }
  }

  private mutating func seek(forward: Bool, _ context: ScreenContext) -> [ScreenRequest] {
    guard go(forward: forward, fromHere: false, context) else {
      let looked =
        isTree
        ? "in what is open" : "in the \(counted(UInt64(list.rows.count), "row")) here"
      let filter = context.key(of: .filter) ?? "f"
      return [.say(inquiry.missing("\(looked); \(filter) looks through all", context))]
    }
    return askForMore(context) + lookAtSelected(context)
  }

  private mutating func go(forward: Bool, fromHere: Bool, _ context: ScreenContext) -> Bool {
    let rows = layout(context).seen
    return isTree
      ? tree.list.seek(inquiry, forward: forward, fromHere: fromHere, seen: rows)
      : list.seek(inquiry, forward: forward, fromHere: fromHere, seen: rows)
  }
}
