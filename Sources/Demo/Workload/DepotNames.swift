// The names of a sandbox's files: what a depot of a game studio looks like, and now and then a name that
// programs stumble over. A newline is not among them, for the socket's protocol has no place for it.

import Ambient
import DurableFiles

/// Makes names that no file of the workload has had before.
struct DepotNames: Sendable {
  /// What a share of the workload has for its own.
  static let branches = ["main", "release", "art", "dev"]
  private static let places = [
    "src/engine", "src/engine/render", "src/game/ai", "src/tools", "docs", "art/textures",
    "art/models/vehicles", "audio/music", "build/linux", "levels/harbour",
  ]
  private static let words = [
    "anchor", "barrel", "crane", "dock", "engine", "ferry", "gull", "harbour", "island", "jetty",
    "keel", "lantern", "mast", "net", "oar", "pier", "quay", "rope", "sail", "tide", "wave",
  ]
  private static let endings = [
    "cpp", "h", "py", "tga", "fbx", "wav", "json", "md", "lvl", "psd", "bin",
  ]
  /// Names that are hard to show: control characters, both directions, wide, combining, not UTF-8.
  private static let hostile: [[UInt8]] = [
    Array("red \u{1B}[31malert".utf8), Array("caf\u{65}\u{301} menu".utf8),
    Array("港の灯り".utf8), Array("gull \u{202E}gpj".utf8), Array("🚢 ferry".utf8),
    [0x74, 0x69, 0x64, 0x65, 0xFF, 0xFE], Array(" leading and trailing ".utf8),
    Array("tab\tand bell\u{07}".utf8), Array(String(repeating: "long-", count: 40).utf8),
    Array("-rf".utf8), Array("100%~done".utf8),
  ]
  /// One name in so many is hard to show.
  private static let hostileOneIn = 60

  private let branch: FilePath
  private var made = 0

  init(share: Int) {
    let name = Self.branches[share % Self.branches.count]
    let round = share / Self.branches.count
    branch = FilePath.root.appending(round == 0 ? name : "\(name)-\(round + 1)")
  }

  /// The next name.
  mutating func next(_ generator: inout SeededGenerator) -> FilePath {
    made += 1
    var path = branch
    for part in Self.places[generator.below(Self.places.count)].split(separator: "/") {
      path = path.appending(String(part))
    }
    let number = Array("_\(made)".utf8)
    let ending = Array(".\(Self.endings[generator.below(Self.endings.count)])".utf8)
    let word =
      generator.chance(oneIn: Self.hostileOneIn)
      ? Self.hostile[generator.below(Self.hostile.count)]
      : Array(Self.words[generator.below(Self.words.count)].utf8)
    return path.appending(word + number + ending)
  }
}
