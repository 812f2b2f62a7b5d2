// The server's side of one connection, in plain blocking calls on its socket.

import Glibc

/// Whoever is at the other end.
struct Peer {
  /// What a client of TLS begins with.
  private static let handshake: UInt8 = 0x16

  let descriptor: Int32
  let patience: Int32
  private var pending: [UInt8] = []

  init(descriptor: Int32, patience: Int32) {
    self.descriptor = descriptor
    self.patience = patience
  }

  /// The next head without its empty line, and what came behind it; nil when there is none.
  mutating func readHead() -> (head: [UInt8], rest: [UInt8])? {
    var bytes = pending
    pending = []
    while true {
      if let end = endOfHead(bytes) { return (Array(bytes[..<end]), Array(bytes[(end + 4)...])) }
      guard bytes.count < 1 << 20, let more = read() else { return nil }
      bytes += more
      if bytes[0] == Self.handshake {
        _ = write(Array("HTTP/1.1 400 Speak plainly\r\n\r\n".utf8))
        return nil
      }
    }
  }

  /// The request that the head begins.
  mutating func readRequest(
    _ head: [UInt8], _ rest: [UInt8], number: Int, _ numberOnConnection: Int
  ) -> Arrived? {
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
    let words = lines.first.map { $0.split(separator: " ") } ?? []
    guard words.count == 3 else { return nil }
    let headers = lines.dropFirst().map { line in
      let name = line.prefix { $0 != ":" }
      let value = line.dropFirst(name.count + 1).drop { $0 == " " }
      return (name: name.lowercased(), value: String(value))
    }
    let wanted = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
    if headers.contains(where: { $0.name == "expect" }) {
      guard write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { return nil }
    }
    var body = rest
    while body.count < wanted {
      guard let more = read() else { return nil }
      body += more
    }
    pending = Array(body[wanted...])
    return Arrived(
      number: number, numberOnConnection: numberOnConnection, method: String(words[0]),
      target: String(words[1]), headers: headers, body: Array(body[..<wanted]))
  }

  /// Sends the answer as its fault has it; false when the connection is of no more use.
  mutating func answer(_ answer: Answer, to request: Arrived) -> Bool {
    switch answer.fault {
    case .resetAtOnce:
      reset()
      return false
    case .silence:
      waitForTheEnd()
      return false
    default: break
    }
    var head = "HTTP/1.1 \(answer.status) Scripted\r\n"
    for (name, value) in answer.headers { head += "\(name): \(value)\r\n" }
    let isLengthSaid = answer.headers.contains { $0.0.lowercased() == "content-length" }
    if !isLengthSaid && answer.status != 204 && answer.status != 304 {
      head += "Content-Length: \(answer.announced ?? answer.body.count)\r\n"
    }
    guard write(Array((head + "\r\n").utf8)) else { return false }
    if request.method == "HEAD" { return !answer.closes }
    switch answer.fault {
    case .resetAfter(let count):
      _ = write(Array(answer.body.prefix(count)))
      reset()
      return false
    case .closeAfter(let count):
      _ = write(Array(answer.body.prefix(count)))
      return false
    case .stallAfter(let count):
      _ = write(Array(answer.body.prefix(count)))
      waitForTheEnd()
      return false
    case .trickle(let milliseconds):
      for byte in answer.body {
        guard write([byte]), !hasLeft(within: milliseconds) else { return false }
      }
      return true
    default:
      return write(answer.body) && !answer.closes
    }
  }

  private func endOfHead(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (0...(bytes.count - 4)).first { bytes[$0..<($0 + 4)].elementsEqual("\r\n\r\n".utf8) }
  }

  private func read() -> [UInt8]? {
    guard waits(for: Int16(POLLIN), patience) else { return nil }
    var piece = [UInt8](repeating: 0, count: 262_144)
    let count = unsafe recv(descriptor, &piece, piece.count, 0)
    return count > 0 ? Array(piece[..<count]) : nil
  }

  private func write(_ bytes: [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
      guard waits(for: Int16(POLLOUT), patience) else { return false }
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe send(
          descriptor, buffer.baseAddress! + done, buffer.count - done, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  /// Until the other side, or the server's end, closes the connection.
  private func waitForTheEnd() {
    while let more = read(), !more.isEmpty {}
  }

  /// Whether the other side closes the connection within the time.
  private func hasLeft(within milliseconds: Int32) -> Bool {
    guard waits(for: Int16(POLLIN), milliseconds) else { return false }
    return read() == nil
  }

  private func waits(for event: Int16, _ milliseconds: Int32) -> Bool {
    var waiting = pollfd(fd: descriptor, events: event, revents: 0)
    return unsafe poll(&waiting, 1, milliseconds) > 0
  }

  /// Has the kernel send a reset when the descriptor is closed.
  private func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
  }
}
