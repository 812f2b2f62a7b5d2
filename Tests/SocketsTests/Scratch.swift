// The few calls on names that a socket's tests need.

import Glibc
import ScratchFiles
import Testing

extension Scratch {
  /// The path of a name in it.
  func callAsFunction(_ name: String) -> String { path(name) }

  /// Makes directories in it, deeper than a socket's address is long, and returns the path.
  func deep() -> String {
    var deep = path
    for _ in 0..<3 {
      deep += "/" + String(repeating: "d", count: 60)
      #expect(unsafe mkdir(deep, 0o700) == 0)
    }
    return deep
  }

  /// The permission bits of a name; nil when nothing stands there.
  func mode(_ name: String) -> mode_t? {
    var status = stat()
    return unsafe lstat(self(name), &status) == 0 ? status.st_mode & 0o7777 : nil
  }

  /// True when something stands there.
  func exists(_ name: String) -> Bool { mode(name) != nil }

  /// Gives what stands at a name another name too.
  func link(_ name: String, _ other: String) {
    #expect(unsafe Glibc.link(self(name), self(other)) == 0)
  }
}
