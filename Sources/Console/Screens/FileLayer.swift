// The details of one file over another screen, for whoever meets it among uploads or restores.

internal import Bytes
internal import Operations
internal import Terminal
internal import Views
internal import Widgets

/// One file, over whatever is shown.
struct FileLayer: Screen {
  private let path: String
  private var detail = FileDetail()

  init(_ path: String) {
    self.path = path
    detail.isFocused = true
  }

  var selection: Selection? { Selection(paths: [path], bytes: detail.file?.size) }

  mutating func handle(_ event: ScreenEvent, _ context: ScreenContext) -> [ScreenRequest] {
    let seen = FileDetail.seen(context.size.rows)
    switch event {
    case .entered, .command(.refresh): return [detail.ask(path)]
    case .answer(_, let result):
      detail.take(result, seen: seen)
      return []
    case .command(.copy): return [.copy(path), .say(.good("copied \(path)"))]
    case .command(.open):
      guard let event = detail.history.selected else { return [] }
      return [.open(EventLayer(event.id))]
    case .command(let name):
      return detail.take(name, seen: seen) ? [] : [.say(.refused("Esc closes the file"))]
    default: return []
    }
  }

  func hints(_ context: ScreenContext) -> [KeyHint] {
    [context.hint(.open, "event"), context.hint(.copy, "copy path"), context.hint(.back, "close")]
      .compactMap { $0 }
  }

  func draw(into surface: inout Surface, _ region: Region, _ context: ScreenContext) {
    let box = region.centred(rows: region.rows, columns: min(region.columns, 110))
    surface.fill(box, Style(.text, on: .popup))
    detail.draw(into: &surface, box, context)
    surface.restyle(box) { style in
      if style.ground == .text { style.ground = .popup }
    }
  }
}
