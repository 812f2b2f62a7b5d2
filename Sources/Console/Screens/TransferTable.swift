// Transfers under way as a table: how far each is, how fast, since when, and which try it is.

internal import Ambient
internal import Terminal
internal import Views
internal import Widgets

/// A table of transfers.
struct TransferTable {
  private let list: RowList<TransferRow>
  private let context: ScreenContext
  private let whenEmpty: String
  /// Whether what waits for each is worth a column.
  private let showsWaiting: Bool

  init(
    _ list: RowList<TransferRow>, _ context: ScreenContext, whenEmpty: String,
    showsWaiting: Bool = false
  ) {
    self.list = list
    self.context = context
    self.whenEmpty = whenEmpty
    self.showsWaiting = showsWaiting
  }

  private static let barColumns = 16

  func draw(into surface: inout Surface, _ region: Region) {
    let (brush, figures) = (context.brush, Figures(context.brush))
    var columns = [
      TableColumn("Path", Share(minimum: 12, ideal: 30, weight: 1, priority: 10), cut: .middle),
      TableColumn(
        "Size", Share(minimum: 8, ideal: Figures.bytesColumns, priority: 8), isRight: true),
      TableColumn("Done", Share(minimum: 5, ideal: 5, priority: 9), isRight: true),
      TableColumn("", Share(minimum: Self.barColumns, ideal: Self.barColumns, priority: 4)),
      TableColumn(
        "Rate", Share(minimum: 10, ideal: Figures.rateColumns, priority: 6), isRight: true),
      TableColumn("For", Share(minimum: 6, ideal: 7, priority: 7), isRight: true),
    ]
    columns.append(
      showsWaiting
        ? TableColumn("Asked by", Share(minimum: 8, ideal: 8, priority: 5), isRight: true)
        : TableColumn("Try", Share(minimum: 4, ideal: 4, priority: 5), isRight: true))
    list.table(columns, in: region, whenEmpty: whenEmpty) { row in
      let transfer = row.view
      let share =
        transfer.bytes > 0 ? Double(transfer.bytesDone) / Double(transfer.bytes) : nil
      let isAgain = !showsWaiting && transfer.attempt > 1
      return [
        Words(transfer.path),
        Words(
          row.end?.fault != nil && transfer.bytes == 0
            ? brush.unknown : figures.bytes(ByteCount(transfer.bytes))),
        Words(figures.share(share), row.hasEnded ? .dim : role),
        row.end.map { ending($0, brush) } ?? Words(bar(share, brush), role),
        Words(figures.rate(row.rate(at: context.now)), row.hasEnded ? .dim : .text),
        Words(figures.duration(row.length(at: context.now)), .dim),
        Words("\(showsWaiting ? transfer.waiting : transfer.attempt)", isAgain ? .warning : .dim),
      ]
    }.draw(into: &surface, region, brush)
  }

  private var role: Role { showsWaiting ? .stateRestoring : .stateUploading }

  /// When a restore ended, or that it came to nothing.
  private func ending(_ end: RestoredView, _ brush: Brush) -> Words {
    let ago = Figures(brush).duration(max(.zero, context.now - end.ended)).trimmed
    return end.fault == nil
      ? Words("\(brush.glyphs.check) \(ago) ago", .good)
      : Words("\(brush.glyphs.failure) failed \(ago) ago", .bad)
  }

  private func bar(_ share: Double?, _ brush: Brush) -> String {
    guard brush.drawsCharts, let share else { return "" }
    let glyphs = brush.glyphs
    let full = Int((min(max(share, 0), 1) * Double(Self.barColumns)).rounded(.down))
    return String(repeating: String(glyphs.bar[glyphs.bar.count - 1]), count: full)
      + String(repeating: String(glyphs.barEmpty), count: Self.barColumns - full)
  }
}
