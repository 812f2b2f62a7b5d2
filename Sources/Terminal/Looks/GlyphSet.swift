// The few characters that are drawn for their shape, each in Unicode and in ASCII. Every set has the
// same members and each takes one column, so a screen is laid out alike in both.

/// Shapes to draw with.
package struct GlyphSet: Hashable, Sendable {
  package let alphabet: Alphabet
  package let horizontal, vertical: Unicode.Scalar
  package let topLeft, topRight, bottomLeft, bottomRight: Unicode.Scalar
  package let teeLeft, teeRight, teeTop, teeBottom, cross: Unicode.Scalar
  /// Parts of a bar from an eighth, or a half, up to all of a column.
  package let bar: [Unicode.Scalar]
  package let barEmpty, watermark: Unicode.Scalar
  /// Heights of a column of a chart, the lowest first.
  package let heights: [Unicode.Scalar]
  package let ellipsis, unknown, mark, pointer, up, down, right, left: Unicode.Scalar
  package let bullet, check, failure, warning, folder, folded, unfolded: Unicode.Scalar
  package let scrollTrack, scrollThumb: Unicode.Scalar
  package let spinner: [Unicode.Scalar]

  package static let unicode = GlyphSet(
    alphabet: .unicode, horizontal: "─", vertical: "│", topLeft: "┌", topRight: "┐",
    bottomLeft: "└", bottomRight: "┘", teeLeft: "├", teeRight: "┤", teeTop: "┬", teeBottom: "┴",
    cross: "┼", bar: ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"], barEmpty: "░", watermark: "│",
    heights: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"], ellipsis: "…", unknown: "–", mark: "●",
    pointer: "▶", up: "▲", down: "▼", right: "→", left: "←", bullet: "•", check: "✓",
    failure: "✗", warning: "▲", folder: "▸", folded: "▸", unfolded: "▾", scrollTrack: "│",
    scrollThumb: "┃", spinner: ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"])

  package static let ascii = GlyphSet(
    alphabet: .ascii, horizontal: "-", vertical: "|", topLeft: "+", topRight: "+",
    bottomLeft: "+", bottomRight: "+", teeLeft: "+", teeRight: "+", teeTop: "+", teeBottom: "+",
    cross: "+", bar: ["#"], barEmpty: ".", watermark: "|",
    heights: ["_", ".", ":", "-", "=", "+", "*", "#"], ellipsis: "~", unknown: "-", mark: "*",
    pointer: ">", up: "^", down: "v", right: ">", left: "<", bullet: "*", check: "+",
    failure: "x", warning: "!", folder: ">", folded: "+", unfolded: "-", scrollTrack: "|",
    scrollThumb: "#", spinner: ["|", "/", "-", "\\"])

  /// What a theme wants, as far as the screen can show it.
  package static func chosen(_ wish: GlyphWish, in alphabet: Alphabet) -> GlyphSet {
    wish == .best && alphabet == .unicode ? .unicode : .ascii
  }

  /// Every member, for whoever checks them.
  package var all: [Unicode.Scalar] {
    [
      horizontal, vertical, topLeft, topRight, bottomLeft, bottomRight, teeLeft, teeRight, teeTop,
      teeBottom, cross, barEmpty, watermark, ellipsis, unknown, mark, pointer, up, down, right,
      left, bullet, check, failure, warning, folder, folded, unfolded, scrollTrack, scrollThumb,
    ] + bar + heights + spinner
  }
}
