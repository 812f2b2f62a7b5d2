// The screens that there are, in the order of Tab. A new screen is a file of its own with its entry in
// it, and one word here.

extension ScreenEntry {
  /// Every screen.
  package static let all: [ScreenEntry] = [
    .overview, .files, .uploads, .restores, .events, .backends, .log,
  ]
}
