// The way of files back from the cold store: how long whoever asks has to wait, what is under way now, and
// below it what came back lately. A hit is a request for a file that was in the depot; a miss had to be restored.

internal import Ambient
package import Bytes
internal import Operations
package import Terminal
internal import Views
package import Widgets

extension ScreenEntry {
  package static let restores = ScreenEntry(.restores, "Restores") { RestoresScreen() }
}

/// The restores.
package struct RestoresScreen: Screen {
  private var list = RowList<TransferRow>()
  private var inquiry = ListInquiry()

  package init() {}

  package var isTyping: Bool { inquiry.isTyping }
  package var showsSnapshot: Bool { true }
  package var selection: Selection? { list.selection }
  package var declined: [CommandName] { [.filter, .sort, .sortReverse] }
  package var memory: JSONValue { inquiry.memory }
  package mutating func recall(_ memory: JSONValue) { inquiry.recall(memory) }

  package func hints(_ context: ScreenContext) -> [KeyHint] {
    [context.hint(.rehydrate), context.hint("show.jobs")].compactMap { $0 }
  }

  package func commandLine(_ context: ScreenContext) -> String? {
    "larder console --once restores --json"
  }

  // MARK: - Events

  package mutating func handle(
    _ event: ScreenEvent, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch event {
    case .entered, .news, .resized:
      let restores = context.snapshot?.restores ?? RestoresView()
      list.replace(TransferRow.rows(restores), seen: seen(context))
    case .key(let key): return heed(inquiry.take(key), context)
    case .paste(let paste): return heed(inquiry.take(paste), context)
    case .mouse(let mouse):
      return list.click(mouse, in: frame(context).list) == .opened ? take(.open, context) : []
    case .command(let name): return take(name, context)
    default: break
    }
    return []
  }

  private mutating func take(
    _ name: CommandName, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch name {
    case .open:
      guard let row = list.selected else { return [] }
      return [.open(FileLayer(row.id))]
    case .copy:
      guard let row = list.selected else { return [] }
      return [.copy(row.id), .say(.good("copied \(row.id)"))]
    case .find:
      inquiry.openFind()
      return []
    case .findNext, .findPrevious: return seek(forward: name == .findNext, context)
    case .filter: return [.say(.refused("restores are too short-lived to filter"))]
    case .sort, .sortReverse: return [.say(.refused("the oldest stands first"))]
    default: break
    }
    return list.take(name, seen: seen(context))
      ? [] : [.say(.refused("there is nothing to do that to here"))]
  }

  private mutating func heed(
    _ upshot: ListInquiry.Upshot, _ context: ScreenContext
  ) -> [ScreenRequest] {
    guard upshot == .typed || upshot == .sought else { return [] }
    let isThere = list.seek(inquiry, fromHere: true, seen: seen(context))
    return isThere || upshot == .typed ? [] : seek(forward: true, context)
  }

  private mutating func seek(forward: Bool, _ context: ScreenContext) -> [ScreenRequest] {
    list.seek(inquiry, forward: forward, seen: seen(context))
      ? [] : [.say(inquiry.missing("among these", context))]
  }

  // MARK: - Drawing

  /// From so many rows on the panes are as tall as they wish.
  private static let rowsForLength = 36

  private func frame(_ context: ScreenContext) -> ListFrame { frame(context.size.region) }

  private func frame(_ region: Region) -> ListFrame {
    let rows =
      region.rows >= Self.rowsForLength ? RestoresPanes.rowsAtLength : RestoresPanes.rows
    return ListFrame(region, heads: [(rows, from: 14)], hasPrompt: inquiry.isTyping)
  }

  private func seen(_ context: ScreenContext) -> Int { frame(context).seen }

  package func draw(
    into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    let frame = frame(region)
    if let place = frame.heads[0], let restores = context.snapshot?.restores {
      RestoresPanes(restores, context).draw(into: &surface, place)
    }
    let empty =
      context.snapshot == nil
      ? "waiting for the engine" : "nothing was restored yet; what is read and cold appears here"
    TransferTable(list, context, whenEmpty: empty, showsWaiting: true)
      .draw(into: &surface, frame.list)
    inquiry.draw(into: &surface, frame.prompt, context.brush)
  }

  package func json(_ context: ScreenContext) -> JSONValue {
    .object([
      "rows": .array(list.rows.filter { !$0.hasEnded }.map(\.view.json)),
      "recent": context.snapshot?.restores.recentJSON ?? [],
    ])
  }
}
