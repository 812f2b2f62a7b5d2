// The question that leaving asks when something is not stored yet. Nothing that is chosen here loses a
// file: what is not stored stays in the depot and is uploaded when an engine runs again.

internal import Ambient
internal import Terminal
internal import Views
internal import Widgets

/// What is to become of the engine when the console goes.
struct QuitLayer: Screen {
  var isModal: Bool { true }
  /// Its answers are letters, not commands.
  var isTyping: Bool { true }

  func handle(_ event: ScreenEvent, _ context: ScreenContext) -> [ScreenRequest] {
    guard case .key(let key) = event else {
      if case .news = event, context.unseen == nil, context.snapshot?.files.atRisk.files == 0 {
        return [.close, .say(.good("everything is stored by now"))]
      }
      return []
    }
    switch key.code {
    case .character("d"): return [.end(.drain)]
    case .character("h"): return [.end(.headless)]
    case .character("s"): return [.end(.stop)]
    case .escape, .character("q"), .character("c"): return [.close]
    default: return [.say(.refused("d, h or s; Esc stays"))]
    }
  }

  func hints(_ context: ScreenContext) -> [KeyHint] {
    [KeyHint("d", "drain"), KeyHint("h", "headless"), KeyHint("s", "stop"), KeyHint("Esc", "stay")]
  }

  func draw(into surface: inout Surface, _ region: Region, _ context: ScreenContext) {
    let left = context.snapshot?.files.atRisk ?? .zero
    let drain = context.snapshot?.uploads.drain.flatMap { $0 > .zero ? $0 : nil }
    let time = drain?.inWords
    let isShort = region.rows < 11
    var lines: [[Words]] = [
      [
        Words("\(counted(left.files)), \(ByteCount(left.bytes))", .strong),
        Words(" not stored yet."),
      ]
    ]
    if left.files == 0, let unseen = context.unseen {
      lines = [[Words("It is not known that everything is stored:", .strong)], [Words(unseen)]]
    }
    if !isShort { lines.append([]) }
    lines += [
      choice("d", "drain, then stop", time.map { "in about \($0)" } ?? "time not known"),
      choice("h", "go on without a screen", "until it is stopped"),
      choice("s", "stop now", "the rest is stored next time"),
      choice("Esc", "stay", ""),
    ]
    if !isShort { lines += [[], [Words("Whatever is chosen, no file is lost.", .dim)]] }
    Popup("Leave", lines).draw(into: &surface, region, context.brush)
  }

  private func choice(_ key: String, _ words: String, _ note: String) -> [Words] {
    [
      Words(padded(key, columns: 3, right: true), .key),
      Words("  " + padded(words, columns: 24), .keyLabel), Words(note, .dim),
    ]
  }
}
