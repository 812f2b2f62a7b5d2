// Screens as a person sees them, text and roles, at several sizes. A picture that changes on purpose is
// put into Golden/screens.golden, where each stands below its name.

import Ambient
import Console
import Terminal
import Testing
import Views
import Widgets

@Suite struct GoldenTests {
  /// The pictures: a name, and what is drawn.
  static let pictures: [(name: String, draw: @Sendable () -> Surface)] = [
    ("overview-200x50", { picture(Sample.quiet, 200, 50) }),
    ("overview-120x40", { picture(Sample.quiet, 120, 40) }),
    ("overview-80x24", { picture(Sample.quiet, 80, 24) }),
    ("overview-40x10", { picture(Sample.quiet, 40, 10) }),
    ("overview-20x5", { picture(Sample.quiet, 20, 5) }),
    ("trouble-120x40", { picture(Sample.trouble, 120, 40) }),
    ("trouble-80x24", { picture(Sample.trouble, 80, 24) }),
    ("trouble-40x10", { picture(Sample.trouble, 40, 10) }),
    ("lately-200x50", { afterwards(200, 50) }),
    ("lately-120x40", { afterwards(120, 40) }),
    ("ascii-80x24", { picture(Sample.trouble, 80, 24, glyphs: .ascii) }),
    ("read-only-80x24", { picture(Sample.stored, 80, 24, readOnly: true) }),
    ("help-80x24", { picture(Sample.quiet, 80, 24, keys: ["?"]) }),
    ("palette-80x24", { picture(Sample.quiet, 80, 24, keys: [":", "e", "v"]) }),
    ("which-key-80x24", { picture(Sample.quiet, 80, 24, keys: ["a"]) }),
    ("quit-80x24", { picture(Sample.quiet, 80, 24, keys: ["q"]) }),
    ("findings-80x24", { picture(Sample.trouble, 80, 24, keys: ["D"]) }),
  ]

  private static func picture(
    _ snapshot: EngineSnapshot, _ columns: Int, _ rows: Int, readOnly: Bool = false,
    glyphs: GlyphSet = .unicode, keys: [String] = []
  ) -> Surface {
    var model = Sample.model(
      snapshot, columns: columns, rows: rows, readOnly: readOnly, glyphs: glyphs)
    for key in keys { _ = model.press(key) }
    return model.surface()
  }

  /// All is well, and it was not ten minutes ago.
  private static func afterwards(_ columns: Int, _ rows: Int) -> Surface {
    var trouble = Sample.trouble
    trouble.taken = WallTime(seconds: Sample.now.seconds - 600)
    var model = Sample.model(trouble, columns: columns, rows: rows)
    _ = model.handle(.snapshot(Sample.quiet), at: Sample.moment)
    return model.surface()
  }

  private static let kept = KeptPictures(PackageResources.screens_golden)

  @Test(arguments: pictures.map(\.name))
  func `a screen looks as it should`(_ name: String) throws {
    let draw = try #require(Self.pictures.first { $0.name == name }?.draw)
    try Self.kept.check(name, draw())
  }
}
