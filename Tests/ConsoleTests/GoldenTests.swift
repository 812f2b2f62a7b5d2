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

  /// A picture as it is kept: its lines, and below them the roles of each.
  static func text(of surface: Surface) -> String {
    (surface.lines + ["--"] + surface.styleLines).joined(separator: "\n") + "\n"
  }

  /// The pictures that are kept, by name.
  private static let wanted: [String: String] = {
    let all = String(decoding: PackageResources.screens_golden, as: UTF8.self)
    var found: [String: String] = [:]
    var name: String?
    for line in all.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      if line.hasPrefix("=== ") {
        name = String(line.dropFirst(4))
      } else if let name {
        found[name, default: ""] += line + "\n"
      }
    }
    return found
  }()

  @Test(arguments: pictures.map(\.name))
  func `a screen looks as it should`(_ name: String) throws {
    let draw = try #require(Self.pictures.first { $0.name == name }?.draw)
    let text = Self.text(of: draw())
    let wanted = (Self.wanted[name] ?? "").split(separator: "\n", omittingEmptySubsequences: false)
    let now = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (row, line) in now.enumerated() where row >= wanted.count || wanted[row] != line {
      Issue.record("\(name), line \(row + 1) is now:\n\(line)")
      return
    }
    #expect(wanted.count == now.count, "\(name) has lines that are gone")
  }
}
