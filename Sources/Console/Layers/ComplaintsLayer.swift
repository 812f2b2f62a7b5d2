// What is wrong with the files that a person wrote, told before anything else is done: keys that do not
// parse, or that two commands want.

internal import Terminal
internal import Widgets

/// A list of sentences.
struct ComplaintsLayer: Screen {
  private let sentences: [String]

  init(_ sentences: [String]) {
    self.sentences = sentences
  }

  func handle(_ event: ScreenEvent, _ context: ScreenContext) -> [ScreenRequest] {
    if case .command(.open) = event { return [.close] }
    return []
  }

  func hints(_ context: ScreenContext) -> [KeyHint] { [KeyHint("Esc", "go on")] }

  func draw(into surface: inout Surface, _ region: Region, _ context: ScreenContext) {
    let columns = max(10, min(region.columns - 4, 90))
    let lines = sentences.flatMap { wrapped($0, columns: columns) }.map { [Words($0)] }
    let shown = lines.count > region.rows - 4 ? Array(lines.prefix(max(1, region.rows - 4))) : lines
    Popup("Your files", shown, choices: [KeyHint("Esc", "go on without them")])
      .draw(into: &surface, region, context.brush)
  }
}
