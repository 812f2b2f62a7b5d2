// The name of a socket: there with the right permissions, of any length that a file's name has,
// never taken from a living listener, and gone with its own.

import Ambient
import Glibc
import ScratchFiles
import Sockets
import Synchronization
import Testing

@Suite struct UnixPathTests {
  private let soon = Deadline.after(.seconds(30))

  @Test(arguments: [0o600, 0o660, 0o666, 0o777] as [UInt16])
  func `the name has the permissions that were asked for`(_ mode: UInt16) throws {
    let scratch = try Scratch()
    let stream = try StreamListener(unix: scratch("s.sock"), mode: mode)
    let datagrams = try DatagramReceiver(unix: Array(scratch("d.sock").utf8), mode: mode)
    #expect(scratch.mode("s.sock") == mode_t(mode))
    #expect(scratch.mode("d.sock") == mode_t(mode))
    _ = (stream.name, datagrams.name)
  }

  @Test func `a path longer than an address is a path all the same`() throws {
    let scratch = try Scratch()
    let path = scratch.deep() + "/s.sock"
    #expect(path.utf8.count > 200)
    let listener = try StreamListener(unix: path, mode: 0o600)
    let client = try Stream.connect(unix: path, soon)
    let server = try listener.accept(soon)
    try client.write([1], soon)
    var byte: [UInt8] = [0]
    #expect(try server.read(into: &byte, range: 0..<1, soon) == 1)
    #expect(throws: SocketsError.inUse(path)) { _ = try StreamListener(unix: path, mode: 0o600) }
  }

  @Test func `a name longer than the kernel takes is refused`() throws {
    let scratch = try Scratch()
    for path in [
      scratch.deep() + "/" + String(repeating: "n", count: 100),
      scratch(String(repeating: "n", count: 300)),
    ] {
      #expect(throws: SocketsError.pathTooLong(path)) {
        _ = try StreamListener(unix: path, mode: 0o600)
      }
      #expect(throws: SocketsError.pathTooLong(path)) {
        _ = try Stream.connect(unix: path, soon)
      }
    }
  }

  @Test func `a name is bytes, and shown safely`() throws {
    let scratch = try Scratch()
    let path = Array(scratch("").utf8) + [0xFF, 0x0A, 0x41]
    let listener = try StreamListener(unix: path, mode: 0o600)
    #expect(listener.name == scratch("\\xff\\x0aA"))
    _ = try Stream.connect(unix: path, soon)
    #expect(throws: SocketsError.badAddress("")) { _ = try Stream.connect(unix: "", soon) }
    #expect(throws: SocketsError.badAddress("a\\x00b")) {
      _ = try Stream.connect(unix: "a\0b", soon)
    }
  }

  @Test func `the name is gone with its listener`() throws {
    let scratch = try Scratch()
    do { _ = try StreamListener(unix: scratch("s.sock"), mode: 0o600) }
    #expect(!scratch.exists("s.sock"))
    do { _ = try DatagramReceiver(unix: Array(scratch("d.sock").utf8), mode: 0o600) }
    #expect(!scratch.exists("d.sock"))
  }

  @Test func `a name that is another's by now is left to it`() throws {
    let scratch = try Scratch()
    do {
      let first = try StreamListener(unix: scratch("s.sock"), mode: 0o600)
      let second = try StreamListener(unix: scratch("t.sock"), mode: 0o600)
      #expect(unsafe rename(scratch("t.sock"), scratch("s.sock")) == 0)
      _ = (first.name, second.name)
    }
    #expect(scratch.exists("s.sock"))
  }

  @Test func `what a killed process left is replaced`() throws {
    let scratch = try Scratch()
    do {
      // A second name survives, as the only one does a kill.
      let killed = try StreamListener(unix: scratch("x"), mode: 0o666)
      scratch.link("x", "s.sock")
      let datagrams = try DatagramReceiver(unix: Array(scratch("y").utf8), mode: 0o666)
      scratch.link("y", "d.sock")
      _ = (killed.name, datagrams.name)
    }
    #expect(throws: SocketsError.refused(scratch("s.sock"))) {
      _ = try Stream.connect(unix: scratch("s.sock"), soon)
    }
    let listener = try StreamListener(unix: scratch("s.sock"), mode: 0o600)
    #expect(scratch.mode("s.sock") == 0o600)
    _ = try Stream.connect(unix: scratch("s.sock"), soon)
    _ = try listener.accept(soon)
    let datagrams = try DatagramReceiver(unix: Array(scratch("d.sock").utf8), mode: 0o600)
    #expect(scratch.mode("d.sock") == 0o600)
    _ = datagrams.name
  }

  @Test func `a living listener keeps its name`() throws {
    let scratch = try Scratch()
    let listener = try StreamListener(unix: scratch("s.sock"), mode: 0o600)
    #expect(throws: SocketsError.inUse(scratch("s.sock"))) {
      _ = try StreamListener(unix: scratch("s.sock"), mode: 0o600)
    }
    #expect(throws: SocketsError.inUse(scratch("s.sock"))) {
      _ = try DatagramReceiver(unix: Array(scratch("s.sock").utf8), mode: 0o600)
    }
    _ = try Stream.connect(unix: scratch("s.sock"), soon)
    // The first was the question whether anybody lives here.
    _ = try listener.accept(soon)
    _ = try listener.accept(soon)
  }

  @Test func `what is no socket is not touched`() throws {
    let scratch = try Scratch()
    let file = unsafe open(scratch("s.sock"), O_CREAT | O_WRONLY, 0o640)
    #expect(close(file) == 0)
    #expect(unsafe symlink("s.sock", scratch("link")) == 0)
    #expect(unsafe mkdir(scratch("folder"), 0o750) == 0)
    for name in ["s.sock", "link", "folder"] {
      #expect(throws: SocketsError.notASocket(scratch(name))) {
        _ = try StreamListener(unix: scratch(name), mode: 0o600)
      }
      #expect(scratch.exists(name))
    }
    #expect(scratch.mode("s.sock") == 0o640)
    #expect(throws: SocketsError.absent(scratch("absent/s.sock"))) {
      _ = try StreamListener(unix: scratch("absent/s.sock"), mode: 0o600)
    }
  }

  @Test(arguments: 0..<20)
  func `of many who start at once, one listens`(_ round: Int) throws {
    let scratch = try Scratch()
    do {
      let killed = try StreamListener(unix: scratch("x"), mode: 0o666)
      scratch.link("x", "s.sock")
      _ = killed.name
    }
    let outcomes = Mutex<[SocketsError?]>([])
    let done = Monitor(0)
    Worker.each(8, named: "starter") { _ in
      let outcome: SocketsError?
      do throws(SocketsError) {
        let listener = try StreamListener(unix: scratch("s.sock"), mode: 0o600)
        // It lives until all have tried.
        done.change { $0 += 1 }
        _ = done.wait { $0 == 8 ? true : nil }
        _ = listener.name
        outcome = nil
      } catch {
        done.change { $0 += 1 }
        outcome = error
      }
      outcomes.withLock { $0.append(outcome) }
    }
    let all = outcomes.withLock { $0 }
    #expect(all.count { $0 == nil } == 1)
    #expect(all.count { $0 == .inUse(scratch("s.sock")) } == 7)
  }
}
