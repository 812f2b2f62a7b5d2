// Many connections, each served by one thread at a time, on a bounded number of threads.
//
//   listener ──accept──▶ the seat of an idle thread, else a new thread ──▶ serve ──▶ idle
//
// While as many are served as may be, nobody is accepted: the next wait in the kernel's queue, and
// behind it their connects. Threads are made when they are first needed and kept; the one that
// became idle last is taken first. Stopping throws the switch, which ends every wait of every
// connection, and returns when the last is served.

import Ambient
import Synchronization

/// Serves the connections of one listener, until it is stopped.
package final class StreamServer: Sendable {
  private struct State {
    /// The seats of threads that have nothing to do.
    var idle: [Seat] = []
    var threads = 0
    /// Connections that were accepted and are not yet closed.
    var active = 0
    var accepted = 0
    var isStopping = false
    var acceptorEnded = false
    var failure: SocketsError?
  }

  /// The most connections that are served at once.
  package let connectionsMax: Int
  private let name: String
  private let stop: StopSwitch
  private let serve: @Sendable (borrowing Stream) -> Void
  // Only the acceptor and whoever stops wait for it; idle threads sleep in their seats.
  private let state = Monitor(State())

  /// Begins to serve: each connection is lent to `serve` on a thread of its own, and closed when
  /// that returns. The listener must have been made with this stop switch.
  package init(
    _ name: String, _ listener: consuming sending StreamListener, stop: StopSwitch,
    connectionsMax: Int, serve: @escaping @Sendable (borrowing Stream) -> Void
  ) {
    precondition(connectionsMax > 0, "a server serves somebody")
    self.name = name
    self.stop = stop
    self.connectionsMax = connectionsMax
    self.serve = serve
    let handed = Handoff(listener)
    Worker("\(name)-accept") {
      self.accept(handed.take())
      // The listener, and its name with it, is gone by now.
      self.dismissIdle()
      self.state.change { $0.acceptorEnded = true }
    }.detach()
  }

  /// How many connections are served now, and were accepted since the beginning.
  package var connections: (now: Int, ever: Int) {
    state.withLock { ($0.active, $0.accepted) }
  }

  /// Why it stopped accepting by itself; nil while it accepts, and when it was told to stop.
  package var failure: SocketsError? { state.withLock { $0.failure } }

  /// Stops accepting, ends every wait of every connection, and returns when all are served; false
  /// when some are not after `timeout`.
  @discardableResult
  package func stopServing(timeout: Duration? = nil) -> Bool {
    stop.stop()
    dismissIdle()
    return state.wait(timeout: timeout) { state in
      state.acceptorEnded && state.threads == 0 ? true : nil
    } ?? false
  }

  private func accept(_ listener: consuming StreamListener) {
    while waitForTurn() {
      do throws(SocketsError) {
        seat(Handoff(try listener.accept(.never)))
      } catch .stopped {
        break
      } catch .tooManyOpenFiles {
        // The connection stays in the queue; without a rest the loop would turn in vain.
        if stop.wait(timeout: .milliseconds(100)) { break }
      } catch {
        state.withLock { $0.failure = error }
        break
      }
    }
  }

  /// Waits until one more may be served; false when stopping.
  private func waitForTurn() -> Bool {
    state.wait { state in
      if state.isStopping { return false }
      return state.active < self.connectionsMax ? true : nil
    } ?? false
  }

  private func seat(_ connection: Handoff<Stream>) {
    let seat = state.withLock { state in
      state.active += 1
      state.accepted += 1
      if let seat = state.idle.popLast() { return seat as Seat? }
      state.threads += 1
      return nil
    }
    if let seat {
      seat.give(connection)
    } else {
      Worker(name) { self.work(connection) }.detach()
    }
  }

  private func work(_ first: Handoff<Stream>) {
    let seat = Seat()
    var connection = first
    while true {
      serve(connection.take())
      let stays = state.change { state in
        state.active -= 1
        if state.isStopping { return false }
        state.idle.append(seat)
        return true
      }
      guard stays, let next = seat.wait() else { break }
      connection = next
    }
    state.change { $0.threads -= 1 }
  }

  private func dismissIdle() {
    let seats = state.change { state in
      state.isStopping = true
      defer { state.idle = [] }
      return state.idle
    }
    for seat in seats { seat.give(nil) }
  }
}

/// Where an idle thread waits for its next connection.
private final class Seat: Sendable {
  private let connection = Mutex<Handoff<Stream>?>(nil)
  private let parker = Parker()

  /// Wakes the thread with a connection, or with none to end it.
  func give(_ next: Handoff<Stream>?) {
    connection.withLock { $0 = next }
    parker.unpark()
  }

  /// Sleeps until woken.
  func wait() -> Handoff<Stream>? {
    parker.park()
    return connection.withLock { $0.take() }
  }
}
