// The runner of a reload: one thread that looks at the file now and then, and at once when asked. What
// changed is handed on before the one who asked is answered, in the order in which it was read.

package import Ambient
internal import DurableFiles
package import Flags

/// The door to a configuration file.
package struct SettingsFile: Sendable {
  /// What the path leads to now.
  let look: @Sendable () -> SettingsReload.Sight<FileStamp>
  /// Reads it whole.
  let read: @Sendable () -> SettingsReload.Sight<SettingsReload.Reading>

  package init(
    look: @escaping @Sendable () -> SettingsReload.Sight<FileStamp>,
    read: @escaping @Sendable () -> SettingsReload.Sight<SettingsReload.Reading>
  ) {
    self.look = look
    self.read = read
  }

  /// The file that a person named, by its path in the kernel's bytes; links are followed anew each
  /// time.
  package static func live(_ path: [UInt8]) -> SettingsFile {
    SettingsFile(
      look: {
        do throws(DiskError) {
          let file = try UserFile(bytes: path)
          return .found(FileStamp(try file.status))
        } catch {
          return .failed("the configuration cannot be read: \(error)")
        }
      },
      read: {
        do throws(DiskError) {
          var file = try UserFile(bytes: path)
          let stamp = FileStamp(try file.status)
          return .found(
            .init(stamp: stamp, bytes: try file.readAll(bytesMax: configurationBytesMax)))
        } catch {
          return .failed("the configuration cannot be read: \(error)")
        }
      })
  }
}

extension FileStamp {
  fileprivate init(_ status: FileStatus) {
    self.init(
      device: status.device, inode: status.inode, size: status.size,
      modified: WallTime(microseconds: status.modifiedNanoseconds / 1_000))
  }
}

/// A configuration that is kept up to date with its file.
package final class SettingsWatch: Sendable {
  private struct State {
    var reload: SettingsReload
    /// How often a reading was asked for, and how many of these are answered.
    var asked: UInt64 = 0
    var answered: UInt64 = 0
    var outcome = ReloadOutcome.unchanged
    var isStopped = false
    var hasEnded = false
  }

  /// How often the file is looked at.
  package static let interval = Duration.seconds(30)

  private let state: Monitor<State>
  private let file: SettingsFile
  private let clock: WallClock
  private let tell: @Sendable (ReloadOutcome, Configuration) -> Void

  /// Begins to look at the file; `tell` is called on the watch's own thread with each outcome worth
  /// telling and what is in force then.
  package init(
    _ reload: SettingsReload, _ file: SettingsFile, every interval: Duration = interval,
    clock: WallClock, tell: @escaping @Sendable (ReloadOutcome, Configuration) -> Void
  ) {
    state = Monitor(State(reload: reload))
    self.file = file
    self.clock = clock
    self.tell = tell
    Worker("settings") { [self] in run(every: interval) }.detach()
  }

  /// What is in force.
  package var inForce: Configuration { state.withLock { $0.reload.inForce } }

  /// Has the file read soon, and returns at once; for a signal.
  package func ask() {
    state.change { $0.asked += 1 }
  }

  /// Has the file read, waits until what changed was handed on, and says what came of it.
  package func reload() -> ReloadOutcome {
    let mine = state.change { (state: inout State) in
      state.asked += 1
      return state.asked
    }
    let outcome = state.wait { (state: inout State) -> ReloadOutcome? in
      if state.answered >= mine { return state.outcome }
      return state.hasEnded ? .refused("the engine is stopping") : nil
    }
    return outcome ?? .unchanged
  }

  /// Ends the watch and waits for its thread.
  package func stop() {
    state.change { $0.isStopped = true }
    _ = state.wait { $0.hasEnded ? true : nil }
  }

  private func run(every interval: Duration) {
    var answered: UInt64 = 0
    while true {
      let work = state.wait(timeout: interval) { (state: inout State) -> UInt64?? in
        if state.isStopped { return .some(nil) }
        return state.asked > answered ? .some(state.asked) : nil
      }
      // Nothing came within the interval: it is time for a look.
      guard let work else {
        advance(.looked(file.look()))
        continue
      }
      guard let asked = work else { break }
      let outcome = advance(.asked)
      answered = asked
      state.change { (state: inout State) in
        state.answered = asked
        state.outcome = outcome ?? .unchanged
      }
    }
    state.change { $0.hasEnded = true }
  }

  /// Lets the machine go on as far as it goes; returns what it told last.
  @discardableResult
  private func advance(_ event: SettingsReload.Event) -> ReloadOutcome? {
    var events = [event]
    var outcome: ReloadOutcome?
    while !events.isEmpty {
      let event = events.removeFirst()
      let actions = state.withLock { $0.reload.handle(event) }
      for action in actions {
        switch action {
        case .read: events.append(.read(file.read(), at: clock.now()))
        case .tell(let told):
          outcome = told
          tell(told, inForce)
        }
      }
    }
    return outcome
  }
}
