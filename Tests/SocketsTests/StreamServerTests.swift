// Everyone is served, never more at once than may be, and all ends when the switch is thrown.

import Ambient
import ScratchFiles
import Sockets
import Synchronization
import Testing

@Suite struct StreamServerTests {
  private let soon = Deadline.after(.seconds(30))
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Answers every line with itself.
  @Sendable private static func echo(_ stream: borrowing Stream) {
    var reader = StreamReader(lineBytesMax: 100)
    do throws(SocketsError) {
      while let line = try reader.line(from: stream, .never) {
        try stream.write(line + [UInt8(ascii: "\n")], .after(.seconds(30)))
      }
    } catch {
      // Whoever left or was stopped is done with.
    }
  }

  private func server(
    connectionsMax: Int, _ serve: @escaping @Sendable (borrowing Stream) -> Void
  ) throws -> StreamServer {
    let stop = try StopSwitch()
    let listener = try StreamListener(unix: scratch("s.sock"), mode: 0o600, stop: stop)
    return StreamServer("echo", listener, stop: stop, connectionsMax: connectionsMax, serve: serve)
  }

  private func ask(_ stream: borrowing Stream, _ text: String) throws -> String? {
    try stream.write(Array((text + "\n").utf8), soon)
    var reader = StreamReader(lineBytesMax: 100)
    return try reader.line(from: stream, soon).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `many connections are served at once`() throws {
    let server = try server(connectionsMax: 16, Self.echo)
    let right = Mutex(0)
    Worker.each(8, named: "client") { index in
      #expect(throws: Never.self) {
        for round in 0..<10 {
          let stream = try Stream.connect(unix: scratch("s.sock"), soon)
          if try ask(stream, "\(index) \(round)") == "\(index) \(round)" {
            right.withLock { $0 += 1 }
          }
        }
      }
    }
    #expect(right.withLock { $0 } == 80)
    #expect(server.connections.ever == 80)
    #expect(server.stopServing())
    #expect(server.connections.now == 0)
    #expect(server.failure == nil)
  }

  @Test func `no more are served at once than may be, and the others wait`() throws {
    let now = Mutex((count: 0, most: 0))
    let server = try server(connectionsMax: 2) { stream in
      now.withLock {
        $0.count += 1
        $0.most = max($0.most, $0.count)
      }
      Self.echo(stream)
      now.withLock { $0.count -= 1 }
    }
    Worker.each(8, named: "client") { index in
      #expect(throws: Never.self) {
        let stream = try Stream.connect(unix: scratch("s.sock"), soon)
        #expect(try ask(stream, "\(index)") == "\(index)")
      }
    }
    #expect(now.withLock { $0.most } <= 2)
    #expect(server.stopServing())
    #expect(server.connections.ever == 8)
  }

  @Test func `stopping ends connections that are silent`() throws {
    let server = try server(connectionsMax: 4, Self.echo)
    let first = try Stream.connect(unix: scratch("s.sock"), soon)
    let second = try Stream.connect(unix: scratch("s.sock"), soon)
    #expect(try ask(first, "here") == "here")
    #expect(try ask(second, "here too") == "here too")
    #expect(server.connections.now == 2)
    #expect(server.stopServing())
    var byte: [UInt8] = [0]
    #expect(try first.read(into: &byte, range: 0..<1, soon) == 0)
    #expect(try second.read(into: &byte, range: 0..<1, soon) == 0)
    // The name went with the listener.
    #expect(throws: SocketsError.absent(scratch("s.sock"))) {
      _ = try Stream.connect(unix: scratch("s.sock"), soon)
    }
    #expect(server.stopServing())
  }

  @Test func `one who does not stop in time is told of`() throws {
    let release = Monitor(false)
    let entered = Monitor(false)
    let server = try server(connectionsMax: 4) { _ in
      entered.change { $0 = true }
      _ = release.wait { $0 ? true : nil }
    }
    let stream = try Stream.connect(unix: scratch("s.sock"), soon)
    _ = entered.wait { $0 ? true : nil }
    #expect(!server.stopServing(timeout: .zero))
    release.change { $0 = true }
    #expect(server.stopServing())
    _ = stream.name
  }

  @Test func `a server that nobody used stops too`() throws {
    let server = try server(connectionsMax: 1, Self.echo)
    #expect(server.stopServing())
    #expect(server.connections.ever == 0)
  }
}
