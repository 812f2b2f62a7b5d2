// How the state of a file looks everywhere: a shape, a letter, a word and a role. No two share a shape
// or a letter, so that none is told by its colour alone.

package import Terminal

/// The sign of a state.
package enum StateSign: String, CaseIterable, Hashable, Sendable {
  case dirty, uploading, failed, hot, cold, restoring, pinned, shredded

  package var word: String { rawValue }

  package var letter: String {
    switch self {
    case .dirty: "D"
    case .uploading: "U"
    case .failed: "F"
    case .hot: "H"
    case .cold: "C"
    case .restoring: "R"
    case .pinned: "P"
    case .shredded: "X"
    }
  }

  package func glyph(_ glyphs: GlyphSet) -> String {
    let isPlain = glyphs.alphabet == .ascii
    return switch self {
    case .dirty: isPlain ? "*" : "◆"
    case .uploading: isPlain ? "^" : "↑"
    case .failed: isPlain ? "x" : "✗"
    case .hot: isPlain ? "+" : "●"
    case .cold: isPlain ? "o" : "○"
    case .restoring: isPlain ? "v" : "↓"
    case .pinned: isPlain ? "#" : "■"
    case .shredded: isPlain ? "-" : "∅"
    }
  }

  package var role: Role {
    switch self {
    case .dirty: .stateDirty
    case .uploading: .stateUploading
    case .failed: .stateFailed
    case .hot: .stateClean
    case .cold: .stateCold
    case .restoring: .stateRestoring
    case .pinned: .statePinned
    case .shredded: .stateShredded
    }
  }
}
