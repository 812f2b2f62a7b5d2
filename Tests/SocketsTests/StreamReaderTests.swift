// Lines come out as they went in, however the bytes were cut on their way, and no longer than they
// may be.

import Ambient
import Sockets
import Testing

@Suite struct StreamReaderTests {
  private let soon = Deadline.after(.seconds(30))
  private let newline = UInt8(ascii: "\n")

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `lines and blocks survive any cutting`(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    // Every line is followed by a block of its length, whose bytes are newlines.
    let lines = (0..<200).map { _ in
      generator.bytes(generator.below(90)).map { $0 == newline ? 0 : $0 }
    }
    let wire = lines.flatMap { $0 + [newline] + Array(repeating: newline, count: $0.count) }
    let pieces = generator
    let listener = try StreamListener(tcp: .loopback(port: 0))
    let address = TCPAddress.loopback(port: listener.port)
    let worker = Worker("sender") {
      var generator = pieces
      #expect(throws: Never.self) {
        let stream = try Stream.connect(tcp: address, soon)
        var sent = 0
        while sent < wire.count {
          let count = min(1 + generator.below(150), wire.count - sent)
          try stream.write(Array(wire[sent..<(sent + count)]), soon)
          sent += count
        }
      }
    }
    let stream = try listener.accept(soon)
    var reader = StreamReader(lineBytesMax: 90)
    for line in lines {
      #expect(try reader.line(from: stream, soon) == line)
      #expect(try reader.bytes(line.count, from: stream, soon).allSatisfy { $0 == newline })
    }
    #expect(try reader.line(from: stream, soon) == nil)
    #expect(!reader.hasMore)
    worker.join()
  }

  @Test func `a line may be as long as is allowed, and not a byte longer`() throws {
    for lineBytesMax in [1, 10, 4_095, 4_096, 10_000] {
      let pair = try Stream.pair(name: "pair")
      let longest = [UInt8](repeating: 65, count: lineBytesMax)
      // The second lies across the end of the reader's buffer.
      try pair.first.write(longest + [newline] + longest + [newline, newline], soon)
      try pair.first.write(longest + [65, newline], soon)
      var reader = StreamReader(lineBytesMax: lineBytesMax)
      #expect(try reader.line(from: pair.second, soon) == longest)
      #expect(try reader.line(from: pair.second, soon) == longest)
      #expect(try reader.line(from: pair.second, soon) == [])
      #expect(throws: SocketsError.overlong("pair", bytesMax: lineBytesMax)) {
        try reader.line(from: pair.second, soon)
      }
    }
  }

  @Test func `a line that never ends is refused before it is all there`() throws {
    let pair = try Stream.pair(name: "pair")
    try pair.first.write([UInt8](repeating: 65, count: 101), soon)
    var reader = StreamReader(lineBytesMax: 100)
    #expect(throws: SocketsError.overlong("pair", bytesMax: 100)) {
      try reader.line(from: pair.second, soon)
    }
  }

  @Test func `who leaves between lines has finished, who leaves within one has not`() throws {
    let pair = try Stream.pair(name: "pair")
    try pair.first.write(Array("whole\nhalf".utf8), soon)
    try pair.first.finishWriting()
    var reader = StreamReader(lineBytesMax: 100)
    #expect(try reader.line(from: pair.second, soon) == Array("whole".utf8))
    #expect(reader.hasMore)
    #expect(throws: SocketsError.endsEarly("pair")) {
      try reader.line(from: pair.second, soon)
    }
    #expect(throws: SocketsError.endsEarly("pair")) {
      try reader.bytes(5, from: pair.second, soon)
    }
  }

  @Test func `a line in pieces has one deadline`() throws {
    let pair = try Stream.pair(name: "pair")
    try pair.first.write(Array("slow".utf8), soon)
    var reader = StreamReader(lineBytesMax: 100)
    #expect(throws: SocketsError.timedOut("pair")) {
      try reader.line(from: pair.second, .after(.zero))
    }
    // What had come is not lost.
    try pair.first.write(Array("er\n".utf8), soon)
    #expect(try reader.line(from: pair.second, soon) == Array("slower".utf8))
  }
}
