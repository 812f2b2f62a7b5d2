// What is measured of the console, with its bars, and the programs that it is measured beside.

import Ambient
import DurableFiles
import Terminal

/// A figure of the console; its text is its name in the table.
enum ConsoleFigure: String, CaseIterable {
  case firstPicture = "first picture"
  case firstBytes = "first picture, bytes sent"
  case idleTraffic = "at rest, bytes sent"
  case idleWakes = "at rest, wakes"
  case busyOverview = "busy, overview, bytes sent"
  case busyFiles = "busy, files, bytes sent"
  case busyProcessor = "busy, processor"
  case keyMedian = "busy, key to first byte, p50"
  case keyWorst = "busy, key to first byte, p99"
  case memory = "memory over the engine"
  case firstRows = "first rows"
  case filterKeystroke = "filter, slowest keystroke"
  case quit = "quit"
  case quitSlowly = "quit, busy, on a slow line"

  /// What it must not exceed.
  var bar: Double {
    switch self {
    case .firstPicture: 0.050
    case .firstBytes: 12_000
    case .idleTraffic: 0
    case .idleWakes: 2
    case .busyOverview: 2_000
    case .busyFiles: 1_400
    case .busyProcessor: 0.005
    case .keyMedian: 0.0015
    case .keyWorst: 0.010
    case .memory: 25e6
    case .firstRows: 0.100
    case .filterKeystroke: 0.005
    case .quit, .quitSlowly: 0.060
    }
  }

  var quantity: Quantity {
    switch self {
    case .firstPicture, .keyMedian, .keyWorst, .firstRows, .filterKeystroke, .quit, .quitSlowly:
      .seconds
    case .firstBytes, .memory: .bytes
    case .idleTraffic, .busyOverview, .busyFiles: .traffic
    case .idleWakes: .times
    case .busyProcessor: .share
    }
  }

  /// Whether the peers have something that can be compared.
  var hasPeers: Bool { self != .firstRows && self != .filterKeystroke }
}

/// Another program with a screen that is drawn anew each second.
struct ScreenPeer {
  let name: String
  let words: [String]
  /// The keys that move down and up its list.
  let down: String
  let up: String
  /// What is written into its home before it starts.
  private let settings: (path: FilePath, text: String)?

  static let all = [
    ScreenPeer(
      name: "htop", words: ["htop", "-d", "10"], down: "\u{1B}OB", up: "\u{1B}OA", settings: nil),
    ScreenPeer(
      name: "btop", words: ["btop"], down: "\u{1B}[B", up: "\u{1B}[A",
      settings: ("btop/btop.conf", "update_ms = 1000\n")),
  ]

  func variables(_ home: String) -> [String: String] {
    ["HOME": home, "XDG_CONFIG_HOME": home]
  }

  /// Writes its settings into its home.
  func prepare(_ home: PosixDisk) throws(BenchFailure) {
    guard let settings else { return }
    do throws(DiskError) {
      try home.makeDirectories(settings.path.parent, mode: 0o700)
      try OpenFile(settings.path, .creating(mode: 0o600), on: home)
        .write(Array(settings.text.utf8), at: 0)
    } catch {
      throw BenchFailure("\(name) was not given its settings: \(error)")
    }
  }
}
