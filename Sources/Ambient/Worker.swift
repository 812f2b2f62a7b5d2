// A named thread of our own. Work that blocks (fsync, SQLite, curl) runs on one of these and
// never in the cooperative pool, which has a thread a core and would stall everything else.

import CLinux
import Glibc

/// A running thread; whoever holds it joins it.
package struct Worker: ~Copyable {
  private let thread: pthread_t
  private var joined = false

  /// Starts `body` on a thread of this name; the kernel shows the first 15 bytes of it.
  package init(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let start = Start(name: name, body: body)
    var thread = pthread_t()
    let failed = unsafe pthread_create(
      &thread, nil,
      { argument in
        let start = unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
        _ = unsafe String(start.name.utf8.prefix(15).map { Character(UnicodeScalar($0)) })
          .withCString { unsafe clinux_name_thread($0) }
        start.body()
        return nil
      }, Unmanaged.passRetained(start).toOpaque())
    precondition(failed == 0, "the machine has no thread left for \(name)")
    self.thread = thread
  }

  deinit {
    if !joined { pthread_join(thread, nil) }
  }

  /// Waits until the thread has ended.
  package consuming func join() {
    pthread_join(thread, nil)
    joined = true
  }

  /// Runs `body` once on each of `count` threads and waits for all of them.
  package static func each(
    _ count: Int, named name: String, _ body: @escaping @Sendable (Int) -> Void
  ) {
    let left = Monitor(count)
    for index in 0..<count {
      Worker("\(name)-\(index)") {
        body(index)
        left.change { $0 -= 1 }
      }.detach()
    }
    _ = left.wait { $0 == 0 ? true : nil }
  }

  /// Lets the thread go on by itself; it must know when to end.
  package consuming func detach() {
    pthread_detach(thread)
    joined = true
  }
}

private final class Start: Sendable {
  let name: String
  let body: @Sendable () -> Void

  init(name: String, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}
