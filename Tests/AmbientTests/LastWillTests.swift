// A will that is left is no child of the process: whoever waits for any child would find one that
// nobody else ever waits for.

import Ambient
import Glibc
import Testing

@Suite struct LastWillTests {
  /// The children that this thread has, as the kernel lists them.
  private func children() -> [UInt8] {
    guard let file = unsafe fopen("/proc/thread-self/children", "r") else {
      Issue.record("the kernel lists no children")
      return []
    }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe fread(&bytes, 1, bytes.count, file)
    return Array(bytes.prefix(count))
  }

  @Test func `who leaves a will has no child more, and none when it is revoked`() throws {
    let before = children()
    let will = try LastWill("/bin/true", [])
    #expect(children() == before)
    will.revoke()
    will.revoke()
    #expect(children() == before)
  }
}
