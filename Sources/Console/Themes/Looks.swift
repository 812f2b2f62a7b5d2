// The themes that a console can take, and the one that it has.

package import Terminal
internal import Widgets

/// What became of a theme's file that was edited.
package enum LooksNews: Sendable {
  case theme(Theme)
  /// It cannot be used, and the one before stays.
  case fault(String)
}

/// Themes, one of which is used.
package struct Looks: Sendable {
  package private(set) var themes: [Theme]
  private var index: Int

  /// The shipped themes; `theme` goes first where it is none of them.
  package init(_ theme: Theme? = nil) {
    themes = Theme.shipped
    index = 0
    guard let theme else { return }
    if let found = themes.firstIndex(of: theme) {
      index = found
    } else {
      themes.insert(theme, at: 0)
    }
  }

  package var theme: Theme { themes[index] }

  /// Takes the next one.
  package mutating func next() {
    index = (index + 1) % themes.count
  }

  /// Takes another in the place of the one that is used, as when its file was edited.
  package mutating func replace(with theme: Theme) {
    themes[index] = theme
  }
}
