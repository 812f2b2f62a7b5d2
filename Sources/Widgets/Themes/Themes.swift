// The themes that are shipped. Each says colours and attributes for the roles; beside them, every
// state has its own letter or glyph where it is drawn, so that none is told by colour alone.

package import Terminal

extension Theme {
  /// Every theme that is shipped, the one that is used unless another is asked for first.
  package static let shipped: [Theme] = [dark, light, mono, contrast, colourBlind]

  /// For dark grounds. The ground is the terminal's own.
  package static let dark = Theme(
    "dark",
    states(
      dirty: 0xE5C07B, uploading: 0x61AFEF, clean: 0x98C379, cold: 0x8FAAC4, failed: 0xFF7B72,
      restoring: 0x56C8D8, dead: 0x9DA6B0
    ).merging(
      basics(
        text: 0xD7DAE0, strong: 0xFFFFFF, dim: 0x9DA6B0, accent: 0x61AFEF, good: 0x98C379,
        warning: 0xE5C07B, bad: 0xFF7B72, border: 0x6E7681, bar: 0x222831, cursor: 0x22375A,
        popup: 0x1F242D)
    ) { $1 }.merging(gradient([Colour(0x56C8D8), Colour(0xE5C07B), Colour(0xFF7B72)])) { $1 })

  /// For light grounds. The ground is the terminal's own.
  package static let light = Theme(
    "light",
    states(
      dirty: 0x7A5600, uploading: 0x0550AE, clean: 0x116329, cold: 0x3D5A75, failed: 0xB3122A,
      restoring: 0x0B6270, dead: 0x57606A
    ).merging(
      basics(
        text: 0x1F2328, strong: 0x000000, dim: 0x57606A, accent: 0x0550AE, good: 0x116329,
        warning: 0x7A5600, bad: 0xB3122A, border: 0x6E7781, bar: 0xE1E6EC, cursor: 0xCFE3FA,
        popup: 0xF0F3F6)
    ) { $1 }.merging(gradient([Colour(0x0B6270), Colour(0x7A5600), Colour(0xB3122A)])) { $1 })

  /// Without any colour.
  package static let mono = Theme(
    "mono",
    [
      "strong": attributes(.bold), "title": attributes(.bold), "dim": attributes(.dim),
      "accent": attributes(.bold), "warning": attributes(.bold),
      "bad": attributes([.bold, .underline]),
      "header": attributes(.underline), "header.sorted": attributes([.underline, .bold]),
      "key": attributes(.bold), "key.label": attributes([]), "key.disabled": attributes(.dim),
      "status": attributes(.reverse), "status.label": attributes([]),
      "status.warning": attributes([.reverse, .bold]),
      "banner": attributes([.reverse, .bold]),
      "cursor": attributes(.reverse), "cursor.idle": attributes(.underline),
      "marked": attributes(.bold), "match": attributes(.underline),
      "selection": attributes(.reverse),
      "popup.title": attributes(.bold), "input": attributes(.underline),
      "input.invalid": attributes([.underline, .bold]),
      "state.dirty": attributes(.bold), "state.uploading": attributes(.bold),
      "state.failed": attributes([.bold, .underline]), "state.cold": attributes(.dim),
      "state.evicted": attributes(.dim), "state.deleted": attributes(.dim),
      "state.shredded": attributes(.dim), "state.restoring": attributes(.bold),
      "alarm": attributes(.bold), "alarm.critical": attributes([.bold, .underline]),
      "gauge.over": attributes(.bold), "gauge.empty": attributes(.dim),
      "stale": attributes(.dim), "unknown": attributes(.dim), "disabled": attributes(.dim),
      "log.warning": attributes(.bold), "log.error": attributes([.bold, .underline]),
      "log.debug": attributes(.dim), "border": attributes(.dim), "border.focus": attributes(.bold),
    ])

  /// The strongest differences there are: black, white and few bright colours.
  package static let contrast = Theme(
    "contrast",
    states(
      dirty: 0xFFFF00, uploading: 0x00FFFF, clean: 0x00FF00, cold: 0xC0C0FF, failed: 0xFF8080,
      restoring: 0x80FFFF, dead: 0xC0C0C0
    ).merging(
      basics(
        text: 0xFFFFFF, strong: 0xFFFFFF, dim: 0xC8C8C8, accent: 0x00FFFF, good: 0x00FF00,
        warning: 0xFFFF00, bad: 0xFF8080, border: 0xFFFFFF, bar: 0x303030, cursor: 0x0000A0,
        popup: 0x000000)
    ) { $1 }.merging(gradient([Colour(0x00FFFF), Colour(0xFFFF00), Colour(0xFF8080)])) { $1 }
      .merging(["text": Look(Colour(0xFFFFFF), on: Colour(0x000000))]) { $1 })

  /// Blue and orange alone, which the usual kinds of colour blindness tell apart.
  package static let colourBlind = Theme(
    "colour-blind",
    states(
      dirty: 0xFFB454, uploading: 0x7CC4FF, clean: 0x9CC9F0, cold: 0x9BB2C9, failed: 0xFF8C1A,
      restoring: 0xB3DCFF, dead: 0xA3ADB7
    ).merging(
      basics(
        text: 0xDDE3EA, strong: 0xFFFFFF, dim: 0xA3ADB7, accent: 0x7CC4FF, good: 0x9CC9F0,
        warning: 0xFFB454, bad: 0xFF8C1A, border: 0x77818B, bar: 0x29323B, cursor: 0x1C3F63,
        popup: 0x1C242C)
    ) { $1 }.merging(gradient([Colour(0x3F8FD2), Colour(0xD9D9D9), Colour(0xFF8C1A)])) { $1 })

  private static func attributes(_ attributes: Attributes) -> Look {
    Look(nil, on: nil, attributes)
  }

  private static func states(
    dirty: UInt32, uploading: UInt32, clean: UInt32, cold: UInt32, failed: UInt32,
    restoring: UInt32, dead: UInt32
  ) -> [String: Look] {
    [
      "state.dirty": Look(Colour(dirty)), "state.uploading": Look(Colour(uploading)),
      "state.clean": Look(Colour(clean)), "state.cold": Look(Colour(cold)),
      "state.evicted": Look(Colour(cold)),
      "state.failed": Look(Colour(failed), on: nil, .bold),
      "state.restoring": Look(Colour(restoring)),
      "state.pinned": Look(Colour(clean), on: nil, .bold), "state.deleted": Look(Colour(dead)),
      "state.shredded": Look(Colour(dead), on: nil, .italic),
    ]
  }

  private static func basics(
    text: UInt32, strong: UInt32, dim: UInt32, accent: UInt32, good: UInt32, warning: UInt32,
    bad: UInt32, border: UInt32, bar: UInt32, cursor: UInt32, popup: UInt32
  ) -> [String: Look] {
    let (text, dim, accent) = (Colour(text), Colour(dim), Colour(accent))
    let (good, warning, bad) = (Colour(good), Colour(warning), Colour(bad))
    let (bar, cursor, popup) = (Colour(bar), Colour(cursor), Colour(popup))
    let strong = Look(Colour(strong), on: nil, .bold)
    return [
      "text": Look(text), "strong": strong, "title": strong, "dim": Look(dim), "label": Look(dim),
      "accent": Look(accent), "good": Look(good), "warning": Look(warning),
      "bad": Look(bad, on: nil, .bold),
      "border": Look(Colour(border)), "border.focus": Look(accent),
      "header": Look(dim, on: nil, .underline),
      "header.sorted": Look(accent, on: nil, [.underline, .bold]),
      "key": Look(accent, on: nil, .bold), "key.label": Look(text, on: nil, []),
      "key.disabled": Look(dim, on: nil, []),
      "status": Look(text, on: bar), "status.label": Look(dim, on: bar),
      "status.warning": Look(warning, on: bar, .bold),
      "banner": Look(warning, on: bar, .bold), "banner.past": Look(accent, on: bar, .bold),
      "cursor": Look(text, on: cursor), "cursor.idle": Look(text, on: bar),
      "marked": Look(text, on: bar), "match": Look(warning, on: nil, .underline),
      "popup": Look(text, on: popup), "popup.title": strong,
      "selection": Look(text, on: cursor),
      "input": Look(text, on: bar), "input.invalid": Look(bad, on: bar),
      "alarm": Look(warning), "alarm.critical": Look(bad, on: nil, .bold),
      "alarm.notice": Look(accent),
      "gauge.fill": Look(good), "gauge.high": Look(warning), "gauge.over": Look(bad),
      "gauge.empty": Look(Colour(border)), "gauge.watermark": Look(text),
      "chart.1": Look(accent), "chart.2": Look(warning), "chart.3": Look(good),
      "stale": Look(dim), "unknown": Look(dim), "disabled": Look(dim),
      "log": Look(text), "log.debug": Look(dim), "log.warning": Look(warning),
      "log.error": Look(bad), "spinner": Look(accent), "link.slow": Look(warning),
      "scrollbar": Look(Colour(border)),
    ]
  }
}
