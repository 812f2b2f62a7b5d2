// Everyone is answered in the order they asked, the silent cost nothing, whoever is too slow, too
// many or not wanted is told or ended, and nothing that was taken is dropped by stopping.

import Ambient
import ScratchFiles
import Sockets
import Synchronization
import Testing

@Suite struct RequestServerTests {
  private let soon = Deadline.after(.seconds(30))
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private static let newline = UInt8(ascii: "\n")

  /// Answers every line with itself.
  private static let echo: @Sendable ([UInt8], Peer?, Reply) -> Void = { line, _, reply in
    reply.send(line + [newline])
  }

  private func server(
    _ limits: RequestLimits = RequestLimits(),
    serve: @escaping @Sendable ([UInt8], Peer?, Reply) -> Void = echo,
    admits: @escaping @Sendable (Peer?) -> Bool = { _ in true }
  ) throws -> RequestServer {
    let listener = try StreamListener(unix: scratch("s.sock"), mode: 0o600)
    let spoken = RequestProtocol(
      admits: admits, refusal: { Array("\($0)\n".utf8) }, serve: serve)
    return try RequestServer("echo", listener, limits: limits, spoken)
  }

  private func connect() throws -> Stream { try Stream.connect(unix: scratch("s.sock"), soon) }

  private func say(_ stream: borrowing Stream, _ text: String) throws {
    try stream.write(Array(text.utf8), soon)
  }

  /// The lines that come until the other end finishes, at most so many.
  private func hear(_ stream: borrowing Stream, _ countMax: Int) throws -> [String] {
    var reader = StreamReader(lineBytesMax: 10_000)
    var heard: [String] = []
    while heard.count < countMax, let line = try reader.line(from: stream, soon) {
      heard.append(String(decoding: line, as: UTF8.self))
    }
    return heard
  }

  /// Whether the other end has ended the connection and said nothing more.
  private func hasEnded(_ stream: borrowing Stream) throws -> Bool {
    var byte: [UInt8] = [0]
    do throws(SocketsError) {
      return try stream.read(into: &byte, range: 0..<1, soon) == 0
    } catch .gone {
      return true
    }
  }

  @Test func `requests that come at once are answered in order`() throws {
    let server = try server()
    let stream = try connect()
    let asked = (0..<500).map { "request \($0)" }
    let worker = Worker("asker") { [scratch] in
      #expect(throws: Never.self) {
        // Another connection asks meanwhile, and its answers stay its own.
        let other = try Stream.connect(unix: scratch("s.sock"), soon)
        for round in 0..<100 {
          try say(other, "other \(round)\n")
          #expect(try hear(other, 1) == ["other \(round)"])
        }
      }
    }
    try say(stream, asked.map { $0 + "\n" }.joined())
    #expect(try hear(stream, asked.count) == asked)
    worker.join()
    #expect(server.stopServing())
    #expect(server.counts == RequestCounts(accepted: 2))
  }

  @Test func `who says all and finishes is answered to the end`() throws {
    let server = try server()
    let stream = try connect()
    try say(stream, "one\ntwo\nhalf")
    try stream.finishWriting()
    #expect(try hear(stream, 9) == ["one", "two"])
    #expect(server.stopServing())
  }

  @Test func `a thousand silent connections are held by no thread`() throws {
    let server = try server()
    var silent: [Holder] = []
    for _ in 0..<1_000 { silent.append(Holder(try connect())) }
    let busy = try connect()
    for round in 0..<100 {
      try say(busy, "\(round)\n")
      #expect(try hear(busy, 1) == ["\(round)"])
    }
    #expect(server.counts.connections == 1_001)
    // Each of the silent is still there.
    for (index, holder) in silent.enumerated() where index % 100 == 0 {
      try say(holder.stream, "here\n")
      #expect(try hear(holder.stream, 1) == ["here"])
    }
    #expect(server.stopServing())
    #expect(server.counts == RequestCounts(accepted: 1_001))
  }

  @Test func `a reply that waits holds no thread`() throws {
    var limits = RequestLimits()
    limits.workersMax = 1
    let held = Mutex<[Reply]>([])
    let server = try server(limits) { line, peer, reply in
      if line.isEmpty { held.withLock { $0.append(reply) } } else { Self.echo(line, peer, reply) }
    }
    let first = try connect()
    let second = try connect()
    try say(first, "\n")
    try say(second, "\n")
    let third = try connect()
    // By the only thread, and behind both.
    try say(third, "asked\n")
    #expect(try hear(third, 1) == ["asked"])
    #expect(held.withLock { $0.count } == 2)
    #expect(server.counts.underWay == 2)
    for reply in held.withLock({ $0 }) { reply.send(Array("later\n".utf8)) }
    held.withLock { $0 = [] }
    #expect(try hear(first, 1) == ["later"])
    #expect(try hear(second, 1) == ["later"])
    #expect(server.stopServing())
  }

  @Test func `a reply that was let go is an answer too`() throws {
    let server = try server { _, _, _ in }
    let stream = try connect()
    try say(stream, "one\ntwo\n")
    #expect(try hear(stream, 2) == ["unanswered", "unanswered"])
    #expect(server.stopServing())
  }

  @Test func `a line that is too long is told so, and ends the connection`() throws {
    var limits = RequestLimits()
    limits.requestBytesMax = 10
    let server = try server(limits)
    let stream = try connect()
    try say(stream, "0123456789\n0123456789A\n")
    #expect(try hear(stream, 2) == ["0123456789", "overlong"])
    #expect(try hasEnded(stream))
    #expect(server.stopServing())
  }

  @Test func `who is not admitted is told so, and never asked`() throws {
    let asked = Mutex(0)
    let server = try server { _, _, _ in
      asked.withLock { $0 += 1 }
    } admits: { _ in
      false
    }
    for _ in 0..<3 {
      let stream = try connect()
      #expect(try hear(stream, 9) == ["denied"])
    }
    #expect(server.stopServing())
    #expect(server.counts == RequestCounts(accepted: 3, denied: 3))
    #expect(asked.withLock { $0 } == 0)
  }

  @Test func `one connection too many ends the one that is silent longest`() throws {
    var limits = RequestLimits()
    limits.connectionsMax = 2
    let server = try server(limits)
    let first = try connect()
    try say(first, "1\n")
    #expect(try hear(first, 1) == ["1"])
    let second = try connect()
    try say(second, "2\n")
    #expect(try hear(second, 1) == ["2"])
    let third = try connect()
    try say(third, "3\n")
    #expect(try hear(third, 1) == ["3"])
    #expect(try hasEnded(first))
    try say(second, "2\n")
    #expect(try hear(second, 1) == ["2"])
    #expect(server.counts.cutOff == 1)
    #expect(server.stopServing())
  }

  @Test func `where all have asked, one connection too many is told busy`() throws {
    var limits = RequestLimits()
    limits.connectionsMax = 1
    let held = Mutex<Reply?>(nil)
    let entered = Monitor(false)
    let server = try server(limits) { _, _, reply in
      held.withLock { $0 = reply }
      entered.change { $0 = true }
    }
    let first = try connect()
    try say(first, "1\n")
    _ = entered.wait { $0 ? true : nil }
    let second = try connect()
    #expect(try hear(second, 9) == ["busy"])
    held.withLock { $0.take() }?.send(Array("done\n".utf8))
    #expect(try hear(first, 1) == ["done"])
    #expect(server.counts.busy == 1)
    #expect(server.stopServing())
  }

  @Test func `requests of those who left count until they are answered`() throws {
    var limits = RequestLimits()
    limits.requestsMax = 2
    let held = Mutex<[Reply]>([])
    let entered = Monitor(0)
    let server = try server(limits) { _, _, reply in
      held.withLock { $0.append(reply) }
      entered.change { $0 += 1 }
    }
    for round in 1...2 {
      do {
        let leaver = try connect()
        try say(leaver, "and away\n")
      }
      _ = entered.wait { $0 == round ? true : nil }
    }
    let stream = try connect()
    try say(stream, "one more\n")
    #expect(try hear(stream, 1) == ["busy"])
    for reply in held.withLock({ $0 }) { reply.send([]) }
    held.withLock { $0 = [] }
    #expect(server.counts.underWay == 0)
    try say(stream, "one more\n")
    _ = entered.wait { $0 == 3 ? true : nil }
    held.withLock { $0 }.first?.send(Array("done\n".utf8))
    #expect(try hear(stream, 1) == ["done"])
    #expect(server.stopServing())
  }

  @Test func `who is silent too long is ended`() throws {
    var limits = RequestLimits()
    limits.silenceMax = .zero
    let server = try server(limits)
    #expect(try hasEnded(connect()))
    #expect(server.stopServing())
    #expect(server.counts == RequestCounts(accepted: 1, cutOff: 1))
  }

  @Test func `who begins a request and does not end it is ended`() throws {
    var limits = RequestLimits()
    limits.askingMax = .zero
    let server = try server(limits)
    let stream = try connect()
    try say(stream, "ha")
    #expect(try hasEnded(stream))
    #expect(server.stopServing())
    #expect(server.counts.cutOff == 1)
  }

  @Test func `who does not read its answers is ended, and keeps nobody waiting`() throws {
    var limits = RequestLimits()
    limits.readingMax = .zero
    let large = [UInt8](repeating: 65, count: 8 << 20) + [Self.newline]
    let server = try server(limits) { line, peer, reply in
      if line == [1] { reply.send(large) } else { Self.echo(line, peer, reply) }
    }
    let deaf = try connect()
    try deaf.write([1, Self.newline], soon)
    let stream = try connect()
    try say(stream, "here\n")
    #expect(try hear(stream, 1) == ["here"])
    var read = 0
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    // What the kernel had taken is still read, and then it ends before the whole.
    while true {
      let count = try deaf.read(into: &bytes, range: 0..<bytes.count, soon)
      if count == 0 { break }
      read += count
    }
    #expect(read < large.count)
    #expect(server.counts.cutOff == 1)
    #expect(server.stopServing())
  }

  @Test func `what is asked is answered before the server has stopped`() throws {
    let release = Monitor(false)
    let entered = Monitor(0)
    let server = try server { line, peer, reply in
      entered.change { $0 += 1 }
      _ = release.wait { $0 ? true : nil }
      Self.echo(line, peer, reply)
    }
    let asker = try connect()
    let silent = try connect()
    try say(asker, "asked\nnot taken yet\n")
    _ = entered.wait { $0 == 1 ? true : nil }
    let worker = Worker("stopper") { #expect(server.stopServing()) }
    // The silent one is ended at once, so stopping has begun.
    #expect(try hasEnded(silent))
    #expect(throws: SocketsError.absent(scratch("s.sock"))) { _ = try connect() }
    release.change { $0 = true }
    #expect(try hear(asker, 9) == ["asked"])
    worker.join()
    #expect(entered.withLock { $0 } == 1)
  }

  @Test func `what is not answered in time is given up, and told of`() throws {
    let held = Mutex<Reply?>(nil)
    let entered = Monitor(false)
    let server = try server { _, _, reply in
      held.withLock { $0 = reply }
      entered.change { $0 = true }
    }
    let stream = try connect()
    try say(stream, "asked\n")
    _ = entered.wait { $0 ? true : nil }
    #expect(!server.stopServing(timeout: .zero))
    #expect(try hasEnded(stream))
    // An answer that comes too late hurts nobody.
    held.withLock { $0.take() }?.send([1])
    #expect(!server.stopServing())
  }

  @Test func `a server that nobody used stops too`() throws {
    let server = try server()
    #expect(server.stopServing())
    #expect(server.stopServing())
    #expect(server.counts == RequestCounts())
    #expect(server.failure == nil)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `garbage of any kind ends nothing but its own connection`(_ seed: UInt64) throws {
    var limits = RequestLimits()
    limits.requestBytesMax = 64
    let server = try server(limits)
    var generator = SeededGenerator(seed: seed)
    let witness = try connect()
    for round in 0..<20 {
      let stream = try connect()
      let garbage = generator.bytes(1 + generator.below(2_000))
      #expect(throws: Never.self) {
        do throws(SocketsError) {
          try stream.write(garbage, soon)
        } catch .gone {
          // It was refused in the middle of what it said.
        }
      }
      try say(witness, "\(round)\n")
      #expect(try hear(witness, 1) == ["\(round)"])
    }
    #expect(server.stopServing())
  }
}

/// A connection in an array.
private final class Holder {
  let stream: Stream

  init(_ stream: consuming Stream) {
    self.stream = stream
  }
}
