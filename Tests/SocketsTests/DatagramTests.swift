// Messages arrive whole, in order, with their sender; what did not fit, or found no room, is told.

import Ambient
import Glibc
import ScratchFiles
import Sockets
import Testing

@Suite struct DatagramTests {
  private let soon = Deadline.after(.seconds(30))
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private var path: [UInt8] { Array(scratch("d.sock").utf8) }

  @Test func `messages arrive in order, whole, from whom they came`() throws {
    let receiver = try DatagramReceiver(unix: path, mode: 0o600)
    let sender = try DatagramSender(unix: path, soon)
    let messages = [[1, 2, 3], [], [UInt8](repeating: 7, count: 30_000), [4]]
    for message in messages { try sender.send(message, soon) }
    var bytes = [UInt8](repeating: 0, count: 32_768)
    let this = Peer(process: getpid(), user: getuid(), group: getgid())
    for message in messages {
      let datagram = try receiver.receive(into: &bytes, soon)
      #expect(Array(bytes[..<datagram.count]) == message)
      #expect(datagram.isTruncated == false)
      #expect(datagram.sender == this)
    }
  }

  @Test func `a message that is too large is told to be cut`() throws {
    let receiver = try DatagramReceiver(unix: path, mode: 0o600)
    let sender = try DatagramSender(unix: path, soon)
    try sender.send([1, 2, 3, 4, 5], soon)
    try sender.send([6, 7, 8, 9], soon)
    var bytes = [UInt8](repeating: 0, count: 4)
    let cut = try receiver.receive(into: &bytes, soon)
    #expect((cut.count, cut.isTruncated) == (4, true))
    #expect(bytes == [1, 2, 3, 4])
    // The rest of it is not taken for the next one.
    let whole = try receiver.receive(into: &bytes, soon)
    #expect((whole.count, whole.isTruncated) == (4, false))
    #expect(bytes == [6, 7, 8, 9])
  }

  @Test func `a sender is told when there is no room, and when there is again`() throws {
    let receiver = try DatagramReceiver(unix: path, mode: 0o600)
    let sender = try DatagramSender(unix: path, soon)
    var posted = 0
    while try sender.post([UInt8](repeating: 1, count: 1_000)) { posted += 1 }
    #expect(posted > 0)
    var bytes = [UInt8](repeating: 0, count: 1_000)
    for _ in 0..<posted { _ = try receiver.receive(into: &bytes, soon) }
    #expect(throws: SocketsError.timedOut(scratch("d.sock"))) {
      try receiver.receive(into: &bytes, .after(.zero))
    }
    #expect(try sender.post([2]))
    #expect(try receiver.receive(into: &bytes, soon).count == 1)
  }

  @Test func `a sender is told when the receiver is gone`() throws {
    #expect(throws: SocketsError.absent(scratch("d.sock"))) {
      _ = try DatagramSender(unix: path, soon)
    }
    let sender = try abandoned()
    #expect(throws: SocketsError.refused(scratch("d.sock"))) { try sender.send([1], soon) }
  }

  /// A sender whose receiver is gone.
  private func abandoned() throws -> DatagramSender {
    let receiver = try DatagramReceiver(unix: path, mode: 0o600)
    let sender = try DatagramSender(unix: path, soon)
    try sender.send([1], soon)
    _ = receiver.name
    return sender
  }

  @Test func `a thrown switch ends the wait for a message`() throws {
    let stop = try StopSwitch()
    let receiver = try DatagramReceiver(unix: path, mode: 0o600, stop: stop)
    let worker = Worker("stopper") { stop.stop() }
    var bytes: [UInt8] = [0]
    #expect(throws: SocketsError.stopped(scratch("d.sock"))) {
      try receiver.receive(into: &bytes, .never)
    }
    worker.join()
  }
}
