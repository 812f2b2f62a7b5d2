// A host without an engine: snapshots are handed over by the test, and operations are answered by its
// closures. Everything that was called is remembered.

import Ambient
import Bytes
import Console
import Operations
import Synchronization
import Terminal
import Views

/// An engine's side of a console, played by a test.
final class StagedHost: Sendable {
  typealias Answerer =
    @Sendable (_ operation: String, _ input: JSONValue) throws(Refusal) -> Answer

  private struct State {
    var snapshot: EngineSnapshot?
    var wakes: [@Sendable () -> Void] = []
    var calls: [(operation: String, input: JSONValue)] = []
  }
  private let state: Mutex<State>
  private let answer: Answerer
  private let permissions: Permissions

  init(
    _ snapshot: EngineSnapshot?, permissions: Permissions = Sample.permissions(),
    _ answer: @escaping Answerer = { (_, _) throws(Refusal) in Answer(.null) }
  ) {
    state = Mutex(State(snapshot: snapshot))
    self.answer = answer
    self.permissions = permissions
  }

  /// What was called, in order.
  var calls: [(operation: String, input: JSONValue)] { state.withLock { $0.calls } }

  /// Hands a newer snapshot over.
  func show(_ snapshot: EngineSnapshot) {
    let wakes = state.withLock { state in
      state.snapshot = snapshot
      return state.wakes
    }
    for wake in wakes { wake() }
  }

  var host: ConsoleHost {
    ConsoleHost(
      snapshot: { self.state.withLock { $0.snapshot } },
      onNews: { wake in self.state.withLock { $0.wakes.append(wake) } },
      call: { (operation, input, _) throws(Refusal) in
        self.state.withLock { $0.calls.append((operation, input)) }
        return try self.answer(operation, input)
      },
      permissions: { self.permissions }, depot: "/srv/depot", version: "0.1.0", ownsEngine: true)
  }
}

/// Runs a console on a scripted terminal; answers how it ended, and the terminal.
func run(
  _ stage: StagedHost, _ script: [ScriptStep], size: GridSize = GridSize(rows: 40, columns: 120)
) -> (ConsoleEnding, ScriptedTerminal) {
  let (clock, waker) = (ManualClock(at: Sample.now), Waker())
  var terminal = ScriptedTerminal(size, script, clock: clock, waker: waker)
  let ending = ConsoleLoop.run(
    stage.host, on: &terminal, waker: waker,
    ConsoleOptions(clock: clock.wall, monotonic: clock.monotonic))
  return (ending, terminal)
}

extension ScriptStep {
  /// Waits until a text is on the screen.
  static func see(_ text: String) -> ScriptStep {
    .until("'\(text)' on the screen") { surface in surface.lines.contains { $0.contains(text) } }
  }
}
