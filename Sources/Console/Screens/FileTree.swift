// The depot as a tree: directories that can be opened, each with what lies below it in sums. Only what is
// open was ever asked for; a directory that is opened asks for its children, and goes on asking when
// the cursor comes to the row that stands for the rest.

internal import Ambient
internal import Bytes
internal import Operations
internal import Terminal
internal import Views
internal import Widgets

/// A row of the tree.
enum TreeRow: ListRow {
  case directory(DirectoryView, depth: Int, isOpen: Bool)
  case file(FileView, depth: Int)
  /// There is more in a directory than was asked for.
  case rest(of: String, depth: Int)

  var id: String {
    switch self {
    case .directory(let directory, _, _): "\(escaped(directory.path))/"
    case .file(let file, _): file.id
    case .rest(let path, _): "\(path)/\u{0}"
    }
  }

  var searched: String {
    switch self {
    case .directory(let directory, _, _): escaped(directory.path)
    case .file(let file, _): file.id
    case .rest: ""
    }
  }

  var bytes: UInt64 {
    switch self {
    case .directory(let directory, _, _): directory.all.bytes
    case .file(let file, _): file.size
    case .rest: 0
    }
  }

  var isMarkable: Bool {
    if case .file = self { true } else { false }
  }
}

/// The tree of a depot, as far as it is open.
struct FileTree: Sendable {
  /// Children that are asked for at once.
  static let childrenMax = 500
  /// Directories that are asked for anew when there is news.
  static let refreshedMax = 12
  private static let slotPrefix = "tree:"

  private struct Branch: Sendable {
    var directories: [DirectoryView] = []
    var files: [FileView] = []
    var next: String?
    /// Whether the answer that comes replaces what is here.
    var isRenewed = false
  }
  var list = RowList<TreeRow>()
  /// The depot itself.
  private(set) var root: DirectoryView?
  private var branches: [String: Branch] = [:]
  private var open: Set<String> = [""]
  private var fault: String?

  // MARK: - Asking

  /// Asks for what is open, anew.
  mutating func refresh() -> [ScreenRequest] {
    let wanted = open.sorted().prefix(Self.refreshedMax)
    for path in wanted { branches[path]?.isRenewed = true }
    return wanted.map { ask($0, after: nil) }
  }

  private func ask(_ path: String, after token: String?) -> ScreenRequest {
    var input: JSONObject = [
      "path": .string(path), "limit": JSONValue(Self.childrenMax),
    ]
    input["after"] = token.map { .string($0) }
    return .load(
      slot: Self.slotPrefix + path, operation: "manifest.usage", input: .object(input))
  }

  /// Takes an answer in; false when it is none of its own.
  mutating func take(
    _ slot: String, _ result: Result<Answer, Refusal>, seen: Int
  ) -> Bool {
    guard slot.hasPrefix(Self.slotPrefix) else { return false }
    let path = String(slot.dropFirst(Self.slotPrefix.count))
    switch result {
    case .success(let answer):
      fault = nil
      let output = answer.output
      var branch = branches[path] ?? Branch(isRenewed: true)
      if branch.isRenewed { branch = Branch() }
      branch.directories += (output["directories"]?.array ?? []).compactMap(
        DirectoryView.init(json:))
      branch.files += (output["files"]?.array ?? []).compactMap(FileView.init(json:))
      branch.next = output["next"]?.string
      branches[path] = branch
      if path.isEmpty { root = output["directory"].flatMap(DirectoryView.init(json:)) }
    case .failure(let refusal): fault = refusal.sentence
    }
    flatten(seen: seen)
    return true
  }

  /// Takes the rows from the branches that are open.
  private mutating func flatten(seen: Int) {
    var rows: [TreeRow] = []
    append("", depth: 0, to: &rows)
    list.replace(rows, seen: seen)
  }

  private func append(_ path: String, depth: Int, to rows: inout [TreeRow]) {
    guard let branch = branches[path] else { return }
    for directory in branch.directories {
      let child = escaped(directory.path)
      let isOpen = open.contains(child)
      rows.append(.directory(directory, depth: depth, isOpen: isOpen))
      if isOpen { append(child, depth: depth + 1, to: &rows) }
    }
    for file in branch.files { rows.append(.file(file, depth: depth)) }
    if branch.next != nil { rows.append(.rest(of: path, depth: depth)) }
  }

  // MARK: - Moving

  /// Moves, marks, opens or closes as a command says; nil when it says something else.
  mutating func take(_ name: CommandName, seen: Int) -> [ScreenRequest]? {
    switch name {
    case .open, .right: return unfold(seen: seen)
    case .left: return fold(seen: seen)
    default: break
    }
    guard list.take(name, seen: seen) else { return nil }
    // Whoever comes to the rest of a directory wants it.
    if case .rest(let path, _) = list.selected, let next = branches[path]?.next {
      return [ask(path, after: next)]
    }
    return []
  }

  private mutating func unfold(seen: Int) -> [ScreenRequest] {
    guard case .directory(let directory, _, let isOpen) = list.selected else { return [] }
    let path = escaped(directory.path)
    if isOpen {
      list.go(to: list.cursor.index + 1, seen: seen)
      return []
    }
    open.insert(path)
    flatten(seen: seen)
    return [ask(path, after: nil)]
  }

  private mutating func fold(seen: Int) -> [ScreenRequest] {
    guard let row = list.selected else { return [] }
    if case .directory(let directory, _, true) = row {
      let path = escaped(directory.path)
      open = open.filter { $0 != path && !$0.hasPrefix(path + "/") }
      flatten(seen: seen)
      return []
    }
    // From a child to its directory.
    let parent = row.searched.split(separator: "/").dropLast().joined(separator: "/")
    if let place = list.rows.firstIndex(where: { $0.id == parent + "/" }) {
      list.go(to: place, seen: seen)
    }
    return []
  }

  mutating func follow(seen: Int) { list.follow(seen: seen) }
  mutating func unmark() { list.unmark() }

  /// What an action applies to: marks, a file, or everything below a directory.
  var selection: Selection? {
    if list.marks.isEmpty, case .directory(let directory, _, _) = list.selected {
      return Selection(
        paths: [], bytes: directory.all.bytes, directory: escaped(directory.path))
    }
    return list.selection
  }

  /// The file under the cursor.
  var file: FileView? {
    if case .file(let file, _) = list.selected { file } else { nil }
  }

  // MARK: - Drawing

  func draw(
    into surface: inout Surface, _ region: Region, _ context: ScreenContext, isFocused: Bool
  ) {
    let (brush, figures) = (context.brush, Figures(context.brush))
    let glyphs = brush.glyphs
    let empty =
      fault ?? (branches[""] == nil ? "asking for the depot's tree" : "the depot is empty")
    list.table(
      [
        TableColumn("Name", Share(minimum: 14, ideal: 30, weight: 1, priority: 10), cut: .middle),
        TableColumn(
          "Files", Share(minimum: 7, ideal: Figures.countColumns, priority: 8), isRight: true),
        TableColumn(
          "Size", Share(minimum: 8, ideal: Figures.bytesColumns, priority: 9), isRight: true),
        TableColumn("Hot", Share(minimum: 5, ideal: 5, priority: 6), isRight: true),
        TableColumn("", Share(minimum: 12, ideal: 12, priority: 3)),
        TableColumn("Not stored", Share(minimum: 10, ideal: 10, priority: 7), isRight: true),
      ], in: region, isFocused: isFocused, whenEmpty: empty
    ) { row in
      switch row {
      case .directory(let directory, let depth, let isOpen):
        let share =
          directory.all.bytes > 0
          ? Double(directory.hot.bytes) / Double(directory.all.bytes) : nil
        let fold = String(isOpen ? glyphs.unfolded : glyphs.folded)
        return [
          Words("\(indent(depth))\(fold) \(name(directory.path, brush))/", .strong),
          Words(figures.count(Int(clamping: directory.all.files))),
          Words(figures.bytes(ByteCount(directory.all.bytes))),
          Words(figures.share(share), .stateClean), Words(bar(share, brush), .stateClean),
          Words(
            directory.atRisk.files == 0 ? "" : figures.count(Int(clamping: directory.atRisk.files)),
            .stateDirty),
        ]
      case .file(let file, let depth):
        let state = FileCells.state(file, brush, isShort: true)
        let isAtRisk = file.state == .dirty || file.state == .failed || file.state == .uploading
        return [
          Words("\(indent(depth))\(state.text) \(name(file.path, brush))", state.role),
          Words(""), Words(figures.bytes(ByteCount(file.size))), Words(""), Words(""),
          Words(isAtRisk ? file.state.rawValue : "", file.state.sign.role),
        ]
      case .rest(_, let depth):
        return [Words("\(indent(depth))  \(glyphs.ellipsis) more", .dim)]
      }
    }.draw(into: &surface, region, brush)
  }

  private func indent(_ depth: Int) -> String { String(repeating: "  ", count: min(depth, 20)) }

  private func name(_ path: [UInt8], _ brush: Brush) -> String {
    let start = path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
    return shown(Array(path[start...]), in: brush.glyphs.alphabet)
  }

  /// How much of it is hot, as a bar of twelve columns.
  private func bar(_ share: Double?, _ brush: Brush) -> String {
    guard brush.drawsCharts, let share else { return "" }
    let full = Int((share * 12).rounded())
    let glyphs = brush.glyphs
    return String(repeating: String(glyphs.bar[glyphs.bar.count - 1]), count: full)
      + String(repeating: String(glyphs.barEmpty), count: 12 - full)
  }
}
