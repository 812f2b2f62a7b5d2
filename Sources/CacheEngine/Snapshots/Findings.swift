// Damage that checks have found and that nothing has mended since. It is told by events, so it is kept as
// they are appended, and read back out of the log when an engine starts. What mends it is an event
// too: the file was written or stored anew, its copy was verified, restored or compared, or it is gone.

internal import Ambient
internal import Bytes
internal import DurableFiles
internal import EventStore
internal import Manifest
internal import Synchronization
internal import Views

/// The open findings of one depot.
final class Findings: Sendable {
  /// The most that are kept, and the most of those that a snapshot shows.
  static let keptMax = 10_000
  static let shownMax = 50
  /// How much of a file's past is read to see whether its damage was mended.
  private static let historyMax = 1_000

  private struct Finding {
    let fault: String
    let found: WallTime
  }
  private let open = Mutex<[FilePath: Finding]>([:])

  /// Takes in what happened to a file.
  func take(_ event: FileEvent, at time: WallTime) {
    switch event.transition {
    case .found(let kind, let detail):
      open.withLock { open in
        if open.count < Self.keptMax || open[event.path] != nil {
          open[event.path] = Finding(fault: "\(kind.words): \(detail)", found: time)
        }
      }
    case let transition where transition.mends:
      open.withLock { _ = $0.removeValue(forKey: event.path) }
    default: break
    }
  }

  /// The newest of them, and how many there are.
  var newest: (shown: [FindingView], count: Int) {
    let all = open.withLock { $0 }
    let shown = all.sorted { ($0.value.found, $1.key) > ($1.value.found, $0.key) }
      .prefix(Self.shownMax)
    return (
      shown.map {
        FindingView(path: escaped($0.key.bytes), fault: $0.value.fault, found: $0.value.found)
      }, all.count
    )
  }

  /// Reads out of the log what earlier engines have found; `isWanted` ends it early.
  func load(
    from manifest: Manifest, _ log: EventReader, while isWanted: () -> Bool
  ) throws(ManifestError) {
    let kind = Transition.found(.storedMissing, detail: "").kind
    var position: UInt64 = 0
    var seen: Set<FilePath> = []
    while isWanted(), seen.count < Self.keptMax {
      let page: Page
      do throws(StoreError) {
        page = try log.events(
          in: Region(kind: .exactly(kind)), after: position, order: .newestFirst)
      } catch {
        throw .log(error)
      }
      for event in page.events where isWanted() {
        guard let found = FileEvent(event), seen.insert(found.path).inserted else { continue }
        let history = try manifest.history(of: found.path, limit: Self.historyMax)
        let since = history.entries.prefix { $0.place.sequence > event.header.sequence }
        guard !since.contains(where: { $0.event.transition.mends }) else { continue }
        keep(found, at: event.header.time)
      }
      if page.isEnd { return }
      position = page.position
    }
  }

  /// Keeps what an earlier engine has found, unless this one knows better by now.
  private func keep(_ event: FileEvent, at time: WallTime) {
    guard open.withLock({ $0[event.path] == nil }) else { return }
    take(event, at: time)
  }
}

extension Transition {
  /// Whether damage that was found before it is none any more.
  fileprivate var mends: Bool {
    switch self {
    case .written, .stored, .restored, .confirmed, .verified, .adopted, .deleted, .shredded: true
    case .deferred, .failed, .retried, .evicted, .vanished, .pinned, .unpinned, .found,
      .objectRemoved:
      false
    }
  }
}

extension FindingKind {
  fileprivate var words: String {
    switch self {
    case .hotDiffers: "the file is not what was stored, and nobody wrote it"
    case .storedMissing: "its stored copy is gone"
    case .storedDiffers: "its stored copy is not what was stored"
    }
  }
}
