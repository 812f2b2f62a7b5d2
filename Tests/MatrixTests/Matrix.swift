// Sizes, kinds of terminals, locales and endings, and which of their combinations are tried: every pair of
// any two at least, or all of them when LARDER_MATRIX is "full".

import Glibc
import Terminal

/// How a console comes to its end.
enum Ending: String, CaseIterable, Sendable {
  case quit, interrupted, terminated, hungUp, killed, crashed, suspended, cut
}

/// One way to run a console.
struct Situation: Hashable, Sendable, CustomStringConvertible {
  let size: GridSize
  let kind: String
  let locale: String
  let ending: Ending

  /// Whether a screen can be drawn on such a terminal at all.
  var hasScreen: Bool { kind != "dumb" && kind != "nonsense" }
  var isUnicode: Bool { locale == "C.UTF-8" }

  var description: String { "\(size) \(kind) \(locale) \(ending.rawValue)" }
}

enum Matrix {
  static let sizes = [
    GridSize(rows: 50, columns: 200), GridSize(rows: 24, columns: 80),
    GridSize(rows: 10, columns: 40), GridSize(rows: 5, columns: 20), GridSize(rows: 1, columns: 1),
  ]
  static let kinds = [
    "xterm-256color", "tmux-256color", "screen-256color", "linux", "vt100", "xterm-mono", "dumb",
    "nonsense",
  ]
  static let locales = ["C.UTF-8", "C"]

  /// Everything with everything.
  static let all = sizes.flatMap { size in
    kinds.flatMap { kind in
      locales.flatMap { locale in
        Ending.allCases.map { ending in
          Situation(size: size, kind: kind, locale: locale, ending: ending)
        }
      }
    }
  }

  /// What is tried.
  static let chosen: [Situation] = {
    let wish = unsafe getenv("LARDER_MATRIX").map { unsafe String(cString: $0) }
    return wish == "full" ? all : pairwise
  }()

  /// So few that every two values of different kinds meet: each time the one that has the most pairs which
  /// nobody had before.
  static let pairwise: [Situation] = {
    var missing = Set(all.flatMap(pairs))
    var chosen: [Situation] = []
    while !missing.isEmpty {
      var (best, gain) = (all[0], 0)
      for situation in all {
        let count = pairs(situation).count { missing.contains($0) }
        if count > gain { (best, gain) = (situation, count) }
      }
      chosen.append(best)
      missing.subtract(pairs(best))
    }
    return chosen
  }()

  private static func pairs(_ situation: Situation) -> [String] {
    let values = [
      "\(situation.size)", situation.kind, situation.locale, situation.ending.rawValue,
    ]
    return values.indices.flatMap { one in
      values.indices.filter { $0 > one }.map { "\(one)\(values[one]) \($0)\(values[$0])" }
    }
  }
}
