// Which fault is staged now, and what that means for each of the doors. Lifting a fault lets go of whoever
// it keeps waiting, so a demo can always end.

import Ambient
import DurableFiles

/// The fault that is staged.
final class Stage: Sendable {
  private struct State {
    var fault: Fault?
    /// Whether what was staged has been lifted.
    var isLifted = false
    /// Whether small mishaps happen now and then.
    var hasMishaps: Bool
    var generator: SeededGenerator
    /// When the watcher loses events next.
    var nextLoss: MonotonicTime?
  }
  private let state: Monitor<State>
  private let clock: MonotonicClock

  /// How long a call on a slow cold store takes; more than what triage calls slow.
  private static let slowness = Duration.seconds(11)
  /// How long reading a page of the log takes while the manifest is rebuilt from it.
  private static let readingPause = Duration.milliseconds(40)
  /// How often the watcher loses events while it does.
  private static let lossPause = Duration.seconds(15)
  /// One call on the cold store in so many fails when nothing is staged.
  private static let mishapOneIn = 400
  /// Directories of which the cold store takes no files while uploads fail.
  private static let refusedPlaces = ["art/textures", "src/game"]

  init(seed: UInt64, hasMishaps: Bool, clock: MonotonicClock) {
    self.clock = clock
    state = Monitor(
      State(hasMishaps: hasMishaps, generator: SeededGenerator(seed: seed)))
  }

  /// What is staged.
  var fault: Fault? { state.withLock { $0.fault } }

  /// Whether what was staged has been lifted.
  var isLifted: Bool { state.withLock { $0.isLifted } }

  /// Stages a fault instead of what was staged, or none.
  func set(_ fault: Fault?) {
    state.change { state in
      state.fault = fault
      state.isLifted = fault == nil
      state.nextLoss = nil
    }
  }

  /// Has no more mishaps happen.
  func calm() { state.change { $0.hasMishaps = false } }

  /// Waits until what is staged is something else, at most for `timeout`.
  private func wait(out fault: Fault, timeout: Duration? = nil) {
    _ = state.wait(timeout: timeout) { $0.fault == fault ? nil : true }
  }

  // MARK: - The cold store

  /// The gate of the cold store's disk.
  var cold: DiskGate {
    DiskGate { [self] (call, path) throws(DiskError) in
      switch fault {
      case .backendDown: throw .io(path)
      case .backendRefusing: throw .denied(path)
      case .backendSlow where call == .open || call == .create:
        wait(out: .backendSlow, timeout: Self.slowness)
      case .uploadsFailed where call == .create && Self.isRefused(path): throw .notRegular(path)
      case .uploadsOld where call == .create: wait(out: .uploadsOld)
      case .cacheStuck where call == .create: wait(out: .cacheStuck)
      case nil where call == .open || call == .create:
        let failed = state.withLock { (state: inout State) in
          state.hasMishaps && state.generator.chance(oneIn: Self.mishapOneIn)
        }
        if failed { throw .io(path) }
      default: return
      }
    }
  }

  private static func isRefused(_ path: FilePath) -> Bool {
    let text = "\(path.parent)"
    return refusedPlaces.contains { text.hasSuffix($0) || text.contains("\($0)/") }
  }

  // MARK: - The depot and the events

  /// The gate of the depot's disk.
  var depot: DiskGate {
    DiskGate(
      permit: { [self] (call, path) throws(DiskError) in
        guard fault == .depotFull, call == .create || call == .write else { return }
        throw .full(path)
      },
      space: { [self] space in fault == .depotFull ? .zero : space })
  }

  /// The gate of the events' disk.
  var events: DiskGate {
    DiskGate { [self] (call, path) throws(DiskError) in
      switch fault {
      case .eventsLatched where call == .sync: throw .io(path)
      case .manifestRebuilding where call == .look:
        wait(out: .manifestRebuilding, timeout: Self.readingPause)
      default: return
      }
    }
  }

  // MARK: - The watcher

  /// Whether the watcher has just lost what it was told.
  func losesEvents() -> Bool {
    let now = clock.now()
    return state.withLock { (state: inout State) in
      guard state.fault == .watcherOverflowed, now >= state.nextLoss ?? now else { return false }
      state.nextLoss = now + Self.lossPause
      return true
    }
  }
}
