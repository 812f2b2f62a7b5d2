// The receipts of what was done from this console, the newest first: when, what, and the id by which
// anybody finds and checks it later. What was refused stands here too.

internal import Ambient
internal import Bytes
internal import Operations
internal import Terminal
internal import Widgets

/// The list of receipts.
struct ReceiptsLayer: Screen {
  private var cursor = ListCursor<Int>()

  mutating func handle(_ event: ScreenEvent, _ context: ScreenContext) -> [ScreenRequest] {
    let deeds = context.deeds
    let rows = max(1, context.size.rows - 4)
    // The newest stands first, and each is known by its distance from the first that was done.
    func number(_ row: Int) -> Int { deeds.count - 1 - row }
    switch event {
    case .entered, .news, .resized:
      cursor.follow(
        count: deeds.count, rows: rows, place: { deeds.count - 1 - $0 }, identity: number)
      return []
    case .command(let name):
      if let place = name.place(from: cursor.index, rows: rows, of: deeds.count) {
        cursor.go(to: place, rows: rows, of: deeds.count, identity: number)
        return []
      }
      guard let selected = cursor.selected, selected < deeds.count,
        let receipt = deeds[selected].receipt
      else { return [.say(.refused("there is no receipt under the cursor"))] }
      switch name {
      case .copy: return [.copy(receipt), .say(.good("copied \(receipt)"))]
      case .open:
        return [
          .load(slot: "check", operation: "event.get", input: ["event": .string(receipt)])
        ]
      default: return [.say(.refused("Enter looks the receipt up, y copies its id, Esc closes"))]
      }
    case .answer(_, .success): return [.say(.good("the event store has this receipt"))]
    case .answer(_, .failure(let refusal)): return [.say(.bad(refusal.sentence))]
    default: return []
    }
  }

  func hints(_ context: ScreenContext) -> [KeyHint] {
    [KeyHint("Enter", "look up"), KeyHint("y", "copy id"), KeyHint("Esc", "close")]
  }

  func draw(into surface: inout Surface, _ region: Region, _ context: ScreenContext) {
    let deeds = Array(context.deeds.reversed())
    let box = region.centred(
      rows: min(region.rows, max(deeds.count + 3, 5)), columns: min(region.columns, 110))
    surface.fill(box, Style(.text, on: .popup))
    let border = Border(
      [Words("Receipts", .popupTitle)], note: [Words("of what was done from here", .dim)],
      isFocused: true, on: .popup)
    let inner = border.draw(into: &surface, box, context.brush).inset(columns: 1)
    let seen = cursor.visible(rows: Table.rowsSeen(in: inner), of: deeds.count)
    let rows = deeds[seen].map { deed in
      TableRow([
        Words(CivilTime(deed.time).time + "Z", .dim), Words(deed.operation, .strong),
        Words(deed.subject),
        deed.refusal.map { Words("refused: \($0)", .warning) }
          ?? Words(deed.receipt ?? context.brush.unknown),
      ])
    }
    Table(
      [
        TableColumn("Time", Share(minimum: 9, ideal: 9, priority: 2)),
        TableColumn("Operation", Share(minimum: 10, ideal: 17, priority: 4)),
        TableColumn("About", Share(minimum: 8, ideal: 26, weight: 1, priority: 1), cut: .middle),
        TableColumn("Receipt", Share(minimum: 12, ideal: 36, weight: 1, priority: 3)),
      ], rows, top: seen.lowerBound, count: deeds.count, cursor: cursor.index,
      whenEmpty: "nothing was done from here yet"
    ).draw(into: &surface, inner, context.brush)
    surface.restyle(inner) { style in
      if style.ground == .text { style.ground = .popup }
    }
  }
}
