// How a handle that has one holder gets from one thread to another.

import Synchronization

/// What carries a handle from one thread to another.
final class Handoff<Handle: ~Copyable & Sendable>: Sendable {
  private let handle: Mutex<Handle?>

  init(_ handle: consuming sending Handle) {
    self.handle = Mutex(handle)
  }

  /// Takes it, once.
  func take() -> Handle {
    guard let handle = handle.withLock({ $0.take() }) else {
      preconditionFailure("a handle is handed on once")
    }
    return handle
  }
}
