// A directory of a test's own, made, looked into and removed by the system's tools, as a person at
// the command line would.

import ChildProcesses

/// A directory that is removed with what is in it.
final class TemporaryDirectory {
  let path: String

  init() throws {
    let made = try ChildProcess("/bin/mktemp", [Array("-d".utf8)]).wait()
    path = String(made.outputText.dropLast())
    precondition(path.hasPrefix("/"), "mktemp says what it made")
  }

  deinit {
    do {
      _ = try ChildProcess("/bin/rm", ["-rf", path].map { Array($0.utf8) }).wait()
    } catch {
      // What cannot be removed stays for the system to sweep.
    }
  }

  /// The names in it, hidden ones too.
  func names() throws -> [String] {
    let listed = try ChildProcess("/bin/ls", ["-A", path].map { Array($0.utf8) }).wait()
    return listed.outputText.split(separator: "\n").map { String($0) }
  }
}
