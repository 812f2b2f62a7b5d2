// A store of file events and a model of what they make: a dictionary, folded by the same pure
// function. What the manifest answers must be what the dictionary holds.

import Ambient
import DiskSimulation
import DurableFiles
import EventStore

@testable import Manifest

final class Depot {
  let disk: SimulatedDisk
  let clock = ManualClock()
  var store: EventStore
  private(set) var files: [FilePath: FileRow] = [:]
  private(set) var orphans: [StoredCopy] = []
  private(set) var oddities = 0
  var random: SeededGenerator
  private let paths: [FilePath]

  init(seed: UInt64, files count: Int = 12) throws {
    random = SeededGenerator(seed: seed)
    disk = SimulatedDisk(seed: seed, faults: .none, clock: clock)
    store = try EventStore.open(on: disk, Self.options(clock))
    paths = try (0..<count).map { number in
      let directory = ["", "art/", "art/heroes/", "code/", "art-old/"][number % 5]
      return try FilePath("\(directory)file-\(number).bin")
    }
  }

  private static func options(_ clock: ManualClock) -> StoreOptions {
    var options = StoreOptions(wallClock: clock.wall, monotonicClock: clock.monotonic)
    options.maintenance = .inline
    options.entropy = .seeded(7)
    FileEvent.register(in: &options.payloads)
    return options
  }

  /// Appends a transition and folds it into the model; returns where it stands.
  @discardableResult
  func append(_ event: FileEvent) throws -> EventPlace {
    let place = EventPlace(try store.append(event.event(judged: nil)).header)
    fold(event, at: place)
    return place
  }

  /// Appends as many transitions, a few at a time.
  func appendAnything(_ count: Int) throws {
    for start in stride(from: 0, to: count, by: 20) {
      let events = try (start..<min(count, start + 20)).map { _ in try anything() }
      let receipts = try store.append(batch: events.map { $0.event(judged: nil) })
      for (event, receipt) in zip(events, receipts) { fold(event, at: EventPlace(receipt.header)) }
    }
  }

  private func fold(_ event: FileEvent, at place: EventPlace) {
    let applied = FileRow.applying(event, at: place, to: files[event.path])
    files[event.path] = applied.row
    if applied.oddity != nil { oddities += 1 }
    note(event, applied)
  }

  private func note(_ event: FileEvent, _ applied: Applied) {
    if let orphan = applied.orphan {
      orphans.removeAll { $0.isSameObject(as: orphan) }
      orphans.append(orphan)
    }
    switch event.transition {
    case .stored(let copy, _), .adopted(let copy, _):
      if applied.row?.stored?.isSameObject(as: copy) == true {
        orphans.removeAll { $0.isSameObject(as: copy) }
      }
    case .objectRemoved(let key, let backend):
      orphans.removeAll { $0.key == key && $0.backend == backend }
    default: break
    }
  }

  /// A transition of some file, often one that makes sense.
  func anything() throws -> FileEvent {
    let path = paths[random.below(paths.count)]
    let size = UInt64(random.below(5)) * 1_000
    let hot = Sample.hot(
      size: size, inode: random.next() % 100, changed: Int64(random.below(1_000)))
    var copy = try Sample.stored(
      key: "\(path)~\(random.below(3))", digest: UInt8(random.below(3)))
    copy.details.size = size
    let now = clock.wall.now()
    let transitions: [Transition] = [
      .written(hot, .closed), .written(hot, .found),
      .stored(copy, of: files[path]?.writtenGeneration ?? 1), .stored(copy, of: 1),
      .deferred(
        attempts: 2, until: now + .seconds(random.below(100) - 50), fault: "no route"),
      .failed(attempts: 9, fault: "gave up"), .retried, .evicted, .restored(hot), .vanished,
      .deleted, .adopted(copy, hot: random.chance(oneIn: 2) ? hot : nil), .confirmed(hot),
      .verified(now), .pinned, .unpinned, .shredded(reason: "asked"),
      .found(.storedMissing, detail: "gone"),
      .objectRemoved(key: orphans.first?.key ?? [1], backend: "primary"),
    ]
    clock.advance(by: .milliseconds(random.below(3)))
    return FileEvent(path, transitions[random.below(transitions.count)])
  }

  func counts() -> Counts {
    var counts = Counts()
    for row in files.values { counts.add(Share(row)) }
    return counts
  }

  func rollUp(_ directory: FilePath) -> RollUp {
    var rollUp = RollUp()
    for row in files.values where row.path.isWithin(directory) {
      rollUp.add(Share(row), 1)
      if row.path.parent == directory { rollUp.own += 1 }
    }
    return rollUp
  }

  /// Opens a manifest over the log, applied by whoever calls.
  func manifest(
    at place: ManifestPlace = .memory, overlayFilesMax: Int = 1_000, batchEventsMax: Int = 7
  ) throws -> Manifest {
    try Manifest.open(
      place, log: store.reader,
      ManifestOptions(
        monotonicClock: clock.monotonic, applying: .inline, overlayFilesMax: overlayFilesMax,
        batchEventsMax: batchEventsMax))
  }
}
