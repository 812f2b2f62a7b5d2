// The bounded queue between threads. Its bound is a promise: a sender that may not wait is told
// that the box is full, and one that may wait is slowed to the pace of the receiver. Closing lets
// the receiver take what is there and then ends it.

/// What became of a message.
package enum Posting: Equatable, Sendable {
  case accepted
  case full
  case closed
}

/// A bounded queue of messages between threads, first in first out.
package final class Mailbox<Message: Sendable>: Sendable {
  private struct State {
    var ring: [Message?]
    var first = 0
    var count = 0
    var closed = false

    mutating func push(_ message: Message) {
      ring[(first + count) % ring.count] = message
      count += 1
    }

    mutating func pop() -> Message? {
      guard count > 0 else { return nil }
      let message = ring[first].take()
      first = (first + 1) % ring.count
      count -= 1
      return message
    }
  }
  private let monitor: Monitor<State>

  /// The most messages that wait at once.
  package let messagesMax: Int

  package init(messagesMax: Int) {
    precondition(messagesMax > 0, "a mailbox holds at least one message")
    self.messagesMax = messagesMax
    monitor = Monitor(State(ring: Array(repeating: nil, count: messagesMax)))
  }

  /// How many messages wait now.
  package var count: Int { monitor.withLock { $0.count } }

  /// Leaves a message unless the box is full or closed; never waits.
  package func post(_ message: Message) -> Posting {
    let posting = monitor.withLock { (state: inout State) -> Posting in
      if state.closed { return .closed }
      if state.count == messagesMax { return .full }
      state.push(message)
      return .accepted
    }
    if posting == .accepted { monitor.wakeAll() }
    return posting
  }

  /// Leaves a message, waiting for room; `.full` when `timeout` passed first.
  package func send(_ message: Message, timeout: Duration? = nil) -> Posting {
    let posting =
      monitor.wait(timeout: timeout) { (state: inout State) -> Posting? in
        if state.closed { return .closed }
        if state.count == messagesMax { return nil }
        state.push(message)
        return .accepted
      } ?? .full
    if posting == .accepted { monitor.wakeAll() }
    return posting
  }

  /// Takes the oldest message, waiting for one; nil when closed and empty, or when time ran out.
  package func receive(timeout: Duration? = nil) -> Message? {
    let taken = monitor.wait(timeout: timeout) { (state: inout State) -> Message?? in
      if let message = state.pop() { return .some(message) }
      return state.closed ? .some(nil) : nil
    }
    if case .some(.some(let message)) = taken {
      monitor.wakeAll()
      return message
    }
    return nil
  }

  /// Takes everything that waits now, at most `max` messages, without waiting for more.
  package func drain(max: Int = .max) -> [Message] {
    let taken = monitor.withLock { (state: inout State) in
      var taken: [Message] = []
      while taken.count < max, let message = state.pop() { taken.append(message) }
      return taken
    }
    if !taken.isEmpty { monitor.wakeAll() }
    return taken
  }

  /// True once closed; messages may still wait.
  package var isClosed: Bool { monitor.withLock { $0.closed } }

  /// Refuses what comes from now on and ends the receiver once the box is empty.
  package func close() {
    monitor.change { $0.closed = true }
  }
}
