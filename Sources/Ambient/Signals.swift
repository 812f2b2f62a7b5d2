// Signals by which people and service managers ask a process for something. They are held back from
// every thread and waited for by one, so nothing ever runs in the middle of something else.

import Glibc

/// A signal that asks for something.
package enum ProcessSignal: Int32, CaseIterable, Sendable {
  /// Somebody at the terminal wants it to end.
  case interrupt = 2
  /// A service manager wants it to end.
  case terminate = 15
  /// The terminal is gone, or the configuration is to be read again.
  case hangUp = 1
}

/// Signals that are waited for.
package struct Signals: Sendable {
  private let wanted: [ProcessSignal]

  /// Holds these signals back from now on, in this thread and those that it starts; so it is called
  /// before there are others.
  package static func hold(_ wanted: [ProcessSignal] = ProcessSignal.allCases) -> Signals {
    let signals = Signals(wanted: wanted)
    var set = signals.set
    let failed = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    precondition(failed == 0, "the kernel holds back any signal but two")
    return signals
  }

  /// Lets them come to this thread again, as whoever handles them by itself needs it; the others stay
  /// without them.
  package func release() {
    var set = self.set
    let failed = unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    precondition(failed == 0, "the kernel lets any signal come")
  }

  /// Waits for one of them.
  package func wait() -> ProcessSignal {
    var set = self.set
    while true {
      var number: Int32 = 0
      if unsafe sigwait(&set, &number) == 0, let signal = ProcessSignal(rawValue: number) {
        return signal
      }
    }
  }

  private var set: sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for signal in wanted { unsafe sigaddset(&set, signal.rawValue) }
    return set
  }
}
