// A program that is run when this process is no more, however it ended: `kill -9` leaves nobody to clear
// up, so a child is asked beforehand. It holds nothing of ours open but the reading end of a pipe; its
// end of file is the news that the process is gone. A machine that stops takes the child along, so
// what must never stay needs a second look at the next start.

import CLinux
import Glibc
import Synchronization

/// A program that outlives the process to clear up behind it.
package final class LastWill: Sendable {
  private struct Executor {
    let process: Int32
    let pipe: Int32
  }
  private let executor: Mutex<Executor?>

  /// Has the program run once this process has ended, or has let go of this; its name is an absolute
  /// path.
  package init(_ program: String, _ arguments: [String]) throws(SubprocessError) {
    let words = ([program] + arguments).flatMap { Array($0.utf8CString) }
    var pipe: Int32 = -1
    let process = unsafe clinux_leave_will(words, Int32(1 + arguments.count), &pipe)
    guard process > 0 else { throw .notStarted(program: program, errno: errno) }
    executor = Mutex(Executor(process: process, pipe: pipe))
  }

  deinit {
    if let executor = executor.withLock({ executor in executor.take() }) { close(executor.pipe) }
  }

  /// Has it not run; further calls do nothing.
  package func revoke() {
    let executor = executor.withLock { executor in executor.take() }
    if let executor { clinux_revoke_will(executor.process, executor.pipe) }
  }
}
