// Where the parts of the files' screen stand, and what they look like: a line that sums up, the list or the
// tree, the details beside it where there is room and over it where there is not, and the field in
// which a person types.

internal import Ambient
package import Bytes
package import Terminal
internal import Views
internal import Widgets

/// The parts of the files' screen at a size.
struct FilesLayout {
  var summary: Region?
  var list: Region
  var detail: Region?
  var prompt: Region?
  /// Whether the details stand beside the list, and do not hide it.
  var isBeside: Bool

  /// Rows of the list that are seen.
  var seen: Int { max(1, Table.rowsSeen(in: list)) }

  /// The columns from which on the details have a place of their own.
  static let columnsForDetail = 110
  private static let detailColumnsMin = 46
  private static let detailColumnsMax = 84

  init(_ region: Region, hasPrompt: Bool, wantsDetail: Bool?, isFocused: Bool) {
    let frame = ListFrame(region, heads: [(1, from: 8)], hasPrompt: hasPrompt)
    (summary, prompt) = (frame.heads[0], frame.prompt)
    let rest = frame.list
    isBeside = region.columns >= Self.columnsForDetail && region.rows >= 12
    list = rest
    guard wantsDetail != false else { return }
    if isBeside {
      let columns = min(max(region.columns * 2 / 5, Self.detailColumnsMin), Self.detailColumnsMax)
      let (left, right) = rest.split(left: rest.columns - columns)
      (list, detail) = (left.split(left: left.columns - 1).left, right)
    } else if wantsDetail == true || isFocused {
      detail = rest
    }
  }
}

extension FilesScreen {
  /// The parts at the size of the context.
  func layout(_ context: ScreenContext) -> FilesLayout { layout(in: context.size.region) }

  private func layout(in region: Region) -> FilesLayout {
    FilesLayout(
      region, hasPrompt: isTyping, wantsDetail: detailWish, isFocused: detail.isFocused)
  }

  package func draw(
    into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    let layout = layout(in: region)
    if let line = layout.summary { drawSummary(into: &surface, line, context) }
    let isHidden = layout.detail != nil && !layout.isBeside
    if !isHidden {
      if isTree {
        tree.draw(into: &surface, layout.list, context, isFocused: !detail.isFocused)
      } else {
        drawList(into: &surface, layout.list, context)
      }
    }
    if let place = layout.detail { detail.draw(into: &surface, place, context) }
    inquiry.draw(into: &surface, layout.prompt, context.brush)
  }

  // MARK: - The line that sums up

  private func drawSummary(
    into surface: inout Surface, _ line: Region, _ context: ScreenContext
  ) {
    let marks = isTree ? tree.list.markWords : list.markWords
    var parts = [StatusPart([Words(" ")] + summary(context), priority: 5)]
    if !marks.isEmpty { parts.append(StatusPart(marks + [Words(" ")], priority: 9, isRight: true)) }
    StatusLine(parts, on: .text).draw(into: &surface, line, context.brush)
  }

  private func summary(_ context: ScreenContext) -> [Words] {
    if let fault { return [Words(shown(fault, in: context.brush.glyphs.alphabet), .bad)] }
    let all = context.snapshot?.files.all
    let total = all.map { "\(counted($0.files)), \(ByteCount($0.bytes))" } ?? context.brush.unknown
    if isTree {
      return [Words(total, .strong), Words("  as a tree; hot is what lies in the depot", .dim)]
    }
    let arrow = String(descends ? context.brush.glyphs.down : context.brush.glyphs.up)
    let sorted = [Words("  by \(order.words) ", .dim), Words(arrow, .dim)]
    guard !filter.isEmpty else { return [Words(total, .strong)] + sorted }
    let isAll = next == nil && hasAnswer
    let found = counted(UInt64(list.rows.count)) + (isAll ? "" : " so far")
    let looked = isAll ? "" : ", \(Figures.grouped(Int(clamping: seen))) looked at"
    return [
      Words(found, .strong), Words(" of \(total)\(looked)", .dim),
      Words("  filter ", .label), Words(filter, .accent),
    ] + sorted
  }

  // MARK: - The list

  private func drawList(
    into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    let isShort = region.columns < 72
    let cells = FileCells(
      columns: columns, brush: context.brush, now: context.now, isShort: isShort)
    var headers = columns.columns(sortedBy: order, descends: descends)
    if isShort { headers[0].share = Share(minimum: 5, ideal: 5, priority: 9) }
    list.table(
      headers, in: region, isFocused: !detail.isFocused, whenEmpty: emptyWords(context),
      cells: cells.cells
    ).draw(into: &surface, region, context.brush)
  }

  private func emptyWords(_ context: ScreenContext) -> String {
    if fault != nil { return "the files cannot be listed" }
    guard hasAnswer else { return "asking for the files" }
    if !filter.isEmpty {
      return next == nil
        ? "no file passes the filter; Esc takes it away" : "looking through the files"
    }
    return "no file is known yet; what is written into the depot appears here"
  }

  // MARK: - For programs

  package func json(_ context: ScreenContext) -> JSONValue {
    .object([
      "order": .string(order.rawValue), "descending": .bool(descends),
      "filter": .string(filter), "rows": .array(list.rows.map(\.json)),
      "isComplete": .bool(next == nil),
    ])
  }
}
