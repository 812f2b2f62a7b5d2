// A program that is run when this process is no more, however it ended: `kill -9` leaves nobody to clear
// up, so a process of its own is asked beforehand. It holds nothing of ours open but one end of a
// connection, whose end is the news that we are gone. A machine that stops takes it along, so what
// must never stay needs a second look at the next start.

import CLinux
import Glibc
import Synchronization

/// A program that outlives the process to clear up behind it.
package final class LastWill: Sendable {
  /// What tells the process that waits, until it has been told.
  private let pipe: Mutex<Int32?>

  /// Has the program run once this process has ended, or has let go of this; its name is an absolute
  /// path.
  package init(_ program: String, _ arguments: [String]) throws(SubprocessError) {
    let words = ([program] + arguments).flatMap { Array($0.utf8CString) }
    var pipe: Int32 = -1
    let failed = unsafe clinux_leave_will(words, Int32(1 + arguments.count), &pipe) != 0
    if failed { throw .notStarted(program: program, errno: errno) }
    self.pipe = Mutex(pipe)
  }

  deinit {
    if let pipe = pipe.withLock({ pipe in pipe.take() }) { close(pipe) }
  }

  /// Has it not run; further calls do nothing.
  package func revoke() {
    if let pipe = pipe.withLock({ pipe in pipe.take() }) { clinux_revoke_will(pipe) }
  }
}
