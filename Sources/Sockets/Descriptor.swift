// A descriptor of the kernel's that closes itself, and the one loop in which every call on sockets
// is made: try, and when the kernel would block, wait for it, for the stop switch or the deadline.

import CLinux
import Glibc

/// An open descriptor; whoever holds it closes it.
package struct Descriptor: ~Copyable, Sendable {
  /// The kernel's number of it.
  package let number: Int32

  /// Takes over an open descriptor.
  package init(_ number: Int32) {
    self.number = number
  }

  deinit {
    // Nothing is learnt from closing a socket: what must arrive is answered.
    _ = Glibc.close(number)
  }

  /// Gives the descriptor away, unclosed.
  package consuming func release() -> Int32 {
    let number = number
    discard self
    return number
  }
}

/// Which way bytes go.
enum Direction {
  case reading, writing
}

/// What an endpoint needs in order to wait: its socket, its name for messages, its switch.
struct Endpoint: ~Copyable, Sendable {
  let descriptor: Descriptor
  let name: String
  let stop: StopSwitch?

  /// The kernel's number of the socket.
  var number: Int32 { descriptor.number }

  /// Makes the call until it does not want to wait any more.
  func call(
    _ direction: Direction, _ deadline: Deadline, _ body: () -> Int64
  ) throws(SocketsError) -> Int {
    while true {
      if stop?.isStopped == true { throw .stopped(name) }
      let answer = body()
      if answer >= 0 { return Int(answer) }
      switch errno {
      case EINTR: continue
      case EAGAIN: try wait(direction, deadline)
      case let refusal: throw SocketsError(errno: refusal, name)
      }
    }
  }

  /// Makes the call once; nil when the kernel would have it wait.
  func attempt(_ body: () -> Int64) throws(SocketsError) -> Int? {
    while true {
      let answer = body()
      if answer >= 0 { return Int(answer) }
      switch errno {
      case EINTR: continue
      case EAGAIN: return nil
      case let refusal: throw SocketsError(errno: refusal, name)
      }
    }
  }

  /// Waits until bytes can go that way.
  func wait(_ direction: Direction, _ deadline: Deadline) throws(SocketsError) {
    while true {
      if deadline.hasPassed { throw .timedOut(name) }
      let ready = clinux_wait(
        number, direction == .writing ? 1 : 0, stop?.number ?? -1, deadline.nanosecondsLeft)
      if ready == 1 { return }
      if ready == 2 { throw .stopped(name) }
      if ready < 0 && errno != EINTR { throw SocketsError(errno: errno, name) }
    }
  }
}

/// Calls until the call is not interrupted; throws what the kernel's refusal means for the name.
@discardableResult
func answer<Number: SignedInteger>(
  for name: String, _ call: () -> Number
) throws(SocketsError) -> Number {
  while true {
    let answer = call()
    if answer >= 0 { return answer }
    if errno != EINTR { throw SocketsError(errno: errno, name) }
  }
}
