// Which fault is staged when. Most are a word to the stage once the files are there; some need something
// done before: files that are older than the sandbox, an object with other bytes, a manifest that is
// gone when the engine looks for it.

import Ambient
import CacheEngine
import DurableFiles
import Manifest
import Views

extension DemoDepot {
  /// How far behind the clock runs while files are made that are to be old.
  private static let oldAge = Duration.seconds(20 * 60)
  /// How many files are made that are to be old.
  private static let oldFiles: Int64 = 40
  /// How many stored objects are damaged.
  private static let damagedMax = 5
  /// How long one waits on the way to a fault for what it needs.
  private static let patience = Duration.seconds(120)
  private static let lookPause = Duration.milliseconds(50)

  /// Does what must be done before the engine is opened.
  func prepareFault() {
    guard options.fault == .uploadsOld else { return }
    ground.clock.run(behind: Self.oldAge)
    ground.stage.set(.uploadsOld)
  }

  /// Waits until the files are there, and stages the fault; false when there is none, or when what it
  /// needs did not come about.
  func direct() -> Bool {
    guard let fault = options.fault else {
      _ = wait { crew.isFull }
      return false
    }
    guard stage(fault) else {
      if !resting.isCancelled {
        log.write(.warning, "the fault was not staged: what it needs did not come about")
      }
      return false
    }
    log.write(
      .notice, "a fault was staged: \(fault.sentence)", [LogField("fault", fault.rawValue)])
    return true
  }

  private func stage(_ fault: Fault) -> Bool {
    switch fault {
    case .uploadsOld:
      guard wait(until: { dirty >= min(Self.oldFiles, Int64(options.files) / 2) }) else {
        return false
      }
      ground.clock.run(behind: .zero)
    case .filesIntegrity:
      // A file may be written anew before anybody reads what is damaged of it; then others are.
      return wait { crew.isFull && damage() && (snapshot()?.findingsCount ?? 0) > 0 }
    case .manifestRebuilding:
      guard wait(until: { crew.isFull && dirty == 0 }) else { return false }
      return restart { loseManifest() }
    default:
      guard wait(until: { crew.isFull }) else { return false }
      ground.stage.set(fault)
    }
    return true
  }

  /// Waits until something is so; false when the demo ends first, or it takes too long.
  private func wait(until isSo: () -> Bool) -> Bool {
    let deadline = MonotonicClock.live.now() + Self.patience
    while MonotonicClock.live.now() < deadline {
      if isSo() { return true }
      if resting.wait(timeout: Self.lookPause) { return false }
    }
    return false
  }

  /// How many files are not stored; none while nobody can say.
  private var dirty: Int64 { counts()?[.dirty].files ?? 0 }

  /// Ends the engine, does something, and opens another; false when either did not go well.
  @discardableResult
  func restart(_ between: () -> Bool = { true }) -> Bool {
    do throws(DemoError) {
      do throws(DemoError) {
        try close()
      } catch {
        // An engine whose events are latched says so at its end too; the next one reads what is there.
        log.write(.notice, "the engine did not end in order", [LogField("why", "\(error)")])
      }
      let isDone = between()
      try open()
      return isDone
    } catch {
      log.write(.error, "the sandbox's engine does not open", [LogField("why", "\(error)")])
      return false
    }
  }

  private func loseManifest() -> Bool {
    do throws(DiskError) {
      for entry in try ground.state.list(.root) where entry.name.starts(with: "manifest".utf8) {
        if entry.kind == .regular { try ground.state.remove(FilePath.root.appending(entry.name)) }
      }
      ground.stage.set(.manifestRebuilding)
      return true
    } catch {
      log.write(.warning, "the manifest was not lost", [LogField("why", "\(error)")])
      return false
    }
  }

  /// Changes bytes of some stored objects whose files are cold, and has them read; false when there is
  /// none yet.
  private func damage() -> Bool {
    guard let engine else { return false }
    var damaged: [FilePath] = []
    for book in crew.books {
      for (path, edition) in book.standing.sorted(by: { $0.key < $1.key }) {
        guard damaged.count < Self.damagedMax else { break }
        if book.damaged.contains(path) { continue }
        if edition.size > 0, damage(path, engine) { damaged.append(path) }
      }
    }
    for path in damaged { crew.read(path) }
    return !damaged.isEmpty
  }

  private func damage(_ path: FilePath, _ engine: Engine) -> Bool {
    do {
      guard let row = try engine.row(at: path), row.state == .clean, !row.isHot,
        let stored = row.stored
      else { return false }
      crew.noteDamage(of: path)
      let object = try OpenFile(try FilePath(bytes: stored.key), .writing, on: ground.cold)
      let first = try object.readExactly(at: 0, count: 1)
      try object.write([first[0] ^ 0xFF], at: 0)
      return true
    } catch {
      // It was rewritten or deleted meanwhile; another will do.
      return false
    }
  }
}
