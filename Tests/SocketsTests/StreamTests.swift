// Bytes go both ways, whole and in order; who leaves, is late or is stopped is told as such.

import Ambient
import Glibc
import ScratchFiles
import Sockets
import Testing

@Suite struct StreamTests {
  private let soon = Deadline.after(.seconds(30))

  @Test func `bytes go both ways over a path`() throws {
    let scratch = try Scratch()
    let listener = try StreamListener(unix: scratch("s.sock"), mode: 0o600)
    let client = try Stream.connect(unix: scratch("s.sock"), soon)
    let server = try listener.accept(soon)
    try client.write(Array("ask".utf8), soon)
    #expect(try server.readAll(3) == Array("ask".utf8))
    try server.write(Array("answer".utf8), soon)
    try server.finishWriting()
    #expect(try client.readAll(6) == Array("answer".utf8))
    var byte: [UInt8] = [0]
    #expect(try client.read(into: &byte, range: 0..<1, soon) == 0)
  }

  @Test(arguments: ["127.0.0.1:0", "[::1]:0"])
  func `bytes go both ways over a port`(_ text: String) throws {
    let listener = try StreamListener(tcp: TCPAddress(parsing: text))
    #expect(listener.port != 0)
    let address = try TCPAddress(parsing: text.dropLast() + "\(listener.port)")
    let client = try Stream.connect(tcp: address, soon)
    let server = try listener.accept(soon)
    try client.write([1, 2, 3], soon)
    #expect(try server.readAll(3) == [1, 2, 3])
    #expect(try server.peer == nil)
    #expect(try server.peerGroups == [])
  }

  @Test func `more than a socket holds arrives whole and in order`() throws {
    let listener = try StreamListener(tcp: .loopback(port: 0))
    let address = TCPAddress.loopback(port: listener.port)
    var generator = SeededGenerator(seed: 3)
    let sent = generator.bytes(4 << 20)
    let worker = Worker("sender") {
      #expect(throws: Never.self) {
        try Stream.connect(tcp: address, soon).write(sent, soon)
      }
    }
    let server = try listener.accept(soon)
    #expect(try server.readAll(sent.count) == sent)
    worker.join()
  }

  @Test func `writing to one who left is an error, and no signal`() throws {
    let scratch = try Scratch()
    let listener = try StreamListener(unix: scratch("s.sock"), mode: 0o600)
    do { _ = try Stream.connect(unix: scratch("s.sock"), soon) }
    let server = try listener.accept(soon)
    #expect(throws: SocketsError.gone(scratch("s.sock"))) { try server.write([1], soon) }
    var byte: [UInt8] = [0]
    #expect(try server.read(into: &byte, range: 0..<1, soon) == 0)
  }

  @Test func `nothing is waited for beyond the deadline`() throws {
    let pair = try Stream.pair(name: "pair")
    var bytes = [UInt8](repeating: 0, count: 8)
    #expect(throws: SocketsError.timedOut("pair")) {
      try pair.first.read(into: &bytes, range: 0..<8, .after(.zero))
    }
    #expect(throws: SocketsError.timedOut("pair")) {
      try pair.first.waitForInput(.after(.zero))
    }
    // Nobody reads, so a buffer fills up.
    #expect(throws: SocketsError.timedOut("pair")) {
      try pair.first.write([UInt8](repeating: 1, count: 16 << 20), .after(.milliseconds(1)))
    }
    let listener = try StreamListener(tcp: .loopback(port: 0))
    let name = listener.name
    #expect(throws: SocketsError.timedOut(name)) { _ = try listener.accept(.after(.zero)) }
    // What is there already needs no waiting.
    try pair.second.write([7], soon)
    #expect(try pair.first.read(into: &bytes, range: 2..<8, .after(.zero)) == 1)
    #expect(bytes == [0, 0, 7, 0, 0, 0, 0, 0])
  }

  @Test func `a thrown switch ends a wait that has no deadline`() throws {
    let stop = try StopSwitch()
    let pair = try Stream.pair(name: "pair", stop: stop)
    let worker = Worker("stopper") { stop.stop() }
    var byte: [UInt8] = [0]
    #expect(throws: SocketsError.stopped("pair")) {
      try pair.first.read(into: &byte, range: 0..<1, .never)
    }
    worker.join()
    #expect(stop.isStopped)
    #expect(stop.wait(timeout: .zero))
    // It stays thrown, for what could be done at once too.
    #expect(throws: SocketsError.stopped("pair")) { try pair.second.write([1], .never) }
    let listener = try StreamListener(tcp: .loopback(port: 0), stop: stop)
    let name = listener.name
    #expect(throws: SocketsError.stopped(name)) { _ = try listener.accept(.never) }
  }

  @Test func `a switch that is not thrown is waited for only so long`() throws {
    let stop = try StopSwitch()
    #expect(!stop.wait(timeout: .zero))
    #expect(!stop.isStopped)
  }

  @Test func `where nobody listens, the reason is told`() throws {
    let scratch = try Scratch()
    let path = scratch("nobody.sock")
    #expect(throws: SocketsError.absent(path)) { _ = try Stream.connect(unix: path, soon) }
    let port = try StreamListener(tcp: .loopback(port: 0)).port
    let address = TCPAddress.loopback(port: port)
    #expect(throws: SocketsError.refused("127.0.0.1:\(port)")) {
      _ = try Stream.connect(tcp: address, soon)
    }
    let listener = try StreamListener(tcp: .loopback(port: 0))
    let taken = TCPAddress.loopback(port: listener.port)
    #expect(throws: SocketsError.inUse(taken.description)) { _ = try StreamListener(tcp: taken) }
    #expect(throws: SocketsError.badAddress("192.0.2.1:0")) {
      _ = try StreamListener(tcp: TCPAddress(parsing: "192.0.2.1:0"))
    }
  }

  @Test func `the kernel vouches for who is at the other end`() throws {
    let scratch = try Scratch()
    let listener = try StreamListener(unix: scratch("s.sock"), mode: 0o600)
    let client = try Stream.connect(unix: scratch("s.sock"), soon)
    let server = try listener.accept(soon)
    let this = Peer(process: getpid(), user: getuid(), group: getgid())
    #expect(try server.peer == this)
    #expect(try client.peer == this)
    #expect(try server.peerGroups.contains(getgid()))
  }

  @Test func `a descriptor that is passed is a copy of its own`() throws {
    let pair = try Stream.pair(name: "pair")
    let pipe = Pipe()
    try pair.first.write([9, 8, 7], passing: Descriptor(pipe.input), soon)
    var delivery = try pair.second.readDelivery(bytesMax: 16, soon)
    #expect(delivery.bytes == [9, 8, 7])
    guard let arrived = delivery.descriptor.take() else {
      Issue.record("nothing was passed")
      return
    }
    #expect(fcntl(arrived.number, F_GETFD) & FD_CLOEXEC != 0)
    #expect(unsafe write(arrived.number, "through", 7) == 7)
    #expect(pipe.take(7) == Array("through".utf8))

    try pair.first.write([1], soon)
    let bare = try pair.second.readDelivery(bytesMax: 16, soon)
    #expect(bare.bytes == [1])
    let isBare = bare.descriptor == nil
    #expect(isBare)
    try pair.first.finishWriting()
    #expect(try pair.second.readDelivery(bytesMax: 16, soon).bytes == [])
  }

  @Test func `a descriptor that nobody takes is closed`() throws {
    let pair = try Stream.pair(name: "pair")
    let pipe = Pipe()
    try pair.first.write([1], passing: Descriptor(pipe.input), soon)
    _ = try pair.second.readDelivery(bytesMax: 16, soon)
    // The last end that could be written to is gone, so the reader sees the end.
    #expect(pipe.take(7) == [])
  }

  @Test(
    arguments: [
      ("127.0.0.1:80", true), ("127.9.9.9:0", true), ("[::1]:65535", true), ("10.0.0.1:1", false),
      ("0.0.0.0:1", false), ("[::]:1", false),
    ] as [(String, Bool)])
  func `numeric addresses are read, and which are of this machine`(_ text: String, _ local: Bool)
    throws
  {
    let address = try TCPAddress(parsing: text)
    #expect(address.description == text)
    #expect(address.isLoopback == local)
  }

  @Test(arguments: [
    "", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "localhost:80",
    "::1:80", "[127.0.0.1]:80", "[::1", "256.0.0.1:1", "127.1:1",
  ])
  func `what is no numeric address is refused`(_ text: String) {
    #expect(throws: SocketsError.badAddress(text)) { try TCPAddress(parsing: text) }
  }

  @Test(
    arguments: [
      (.inUse("s"), "s is in use by another process; stop that one first"),
      (.notASocket("s"), "s is not a socket; remove it or choose another path"),
      (.absent("s"), "s does not exist"),
      (.denied("s"), "permission to use s is denied"),
      (.pathTooLong("s"), "s is too long for the name of a socket"),
      (
        .badAddress("s"),
        "s is not a numeric address of this machine with a port, such as 127.0.0.1:9464"
      ),
      (.refused("s"), "nobody listens on s"),
      (.unreachable("s"), "s cannot be reached"),
      (.timedOut("s"), "s did not answer in time"),
      (.stopped("s"), "s was given up because the program is stopping"),
      (.gone("s"), "s has left"),
      (.endsEarly("s"), "s left in the middle of a message"),
      (.overlong("s", bytesMax: 9), "s sent a message of more than 9 bytes"),
      (
        .tooManyOpenFiles("s"),
        "s cannot be opened: too many files are open (raise the limit with ulimit -n)"
      ),
      (.system("s", errno: 5), "s: system error 5"),
    ] as [(SocketsError, String)])
  func `an error is one sentence`(_ error: SocketsError, _ text: String) {
    #expect(error.description == text)
  }
}

extension Stream {
  /// The next bytes, and not one more.
  fileprivate func readAll(_ count: Int) throws -> [UInt8] {
    var reader = StreamReader(lineBytesMax: 1)
    return try reader.bytes(count, from: self, .after(.seconds(30)))
  }
}

/// A pipe; the end that is read closes with it, the other one is given away.
private final class Pipe {
  private let output: Int32
  let input: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    #expect(unsafe pipe(&ends) == 0)
    // A process that another test starts meanwhile must not keep the ends open.
    for end in ends { #expect(fcntl(end, F_SETFD, FD_CLOEXEC) == 0) }
    (output, input) = (ends[0], ends[1])
  }

  deinit {
    close(output)
  }

  /// What comes next, at most `count` bytes; empty at the end.
  func take(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let got = unsafe read(output, &bytes, count)
    return Array(bytes[..<max(0, got)])
  }
}
