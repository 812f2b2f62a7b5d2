// A server of ours on the loopback, for tests: it reads requests as HTTP/1.1 and answers what its
// script says, wrong in every way a script can name. Each connection has a thread; all of them end
// with the server, whatever they wait for, and none waits longer than `patience`.

import Ambient
import Glibc
import Synchronization

/// A request as it arrived.
package struct Arrived: Sendable {
  /// Counted from 1 over the whole life of the server.
  package let number: Int
  /// Counted from 1 on its connection.
  package let numberOnConnection: Int
  package let method: String
  /// Path and query as they were sent.
  package let target: String
  /// In their order, names in lower case.
  package let headers: [(name: String, value: String)]
  package let body: [UInt8]

  /// The first value of a field.
  package func header(_ name: String) -> String? {
    headers.first { $0.name == name }?.value
  }

  /// The target without its query.
  package var path: String { String(target.prefix { $0 != "?" }) }
}

/// What is answered, and what goes wrong with it.
package struct Answer: Sendable {
  package enum Fault: Sendable, Equatable {
    /// The connection is reset after so many bytes of the body.
    case resetAfter(Int)
    /// The connection is closed in good order after so many bytes of the body.
    case closeAfter(Int)
    /// Nothing more comes after so many bytes of the body.
    case stallAfter(Int)
    /// The connection is reset before any answer.
    case resetAtOnce
    /// There is no answer.
    case silence
    /// The body comes one byte at a time, so many milliseconds apart.
    case trickle(milliseconds: Int32)
  }

  package var status: Int
  package var headers: [(String, String)]
  package var body: [UInt8]
  /// What `Content-Length` says, when it is not the truth.
  package var announced: Int?
  package var fault: Fault?
  /// Closes the connection in good order afterwards.
  package var closes = false

  package init(
    _ status: Int, headers: [(String, String)] = [], body: [UInt8] = [], announced: Int? = nil,
    fault: Fault? = nil
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.announced = announced
    self.fault = fault
  }

  /// An answer whose body is text.
  package init(_ status: Int, text: String, headers: [(String, String)] = []) {
    self.init(status, headers: headers, body: Array(text.utf8))
  }
}

/// A scripted server on 127.0.0.1.
package final class LoopbackServer: Sendable {
  private struct State {
    var descriptors: Set<Int32> = []
    var connectionsEver = 0
    var requests = 0
    var running = 0
    var isStopped = false
  }

  /// How long a connection waits for anything, in milliseconds.
  private static let patience: Int32 = 20_000

  package let port: Int
  private let listener: Int32
  private let script: @Sendable (Arrived) -> Answer
  private let state = Monitor(State())
  private let log = Mutex<[Arrived]>([])

  /// Listens at a free port; `script` is called on the thread of a connection.
  package init(script: @escaping @Sendable (Arrived) -> Answer) {
    self.script = script
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let (listener, size) = (self.listener, length)
    let failed = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(listener, address, size) | listen(listener, 128)
          | getsockname(listener, address, &length)
      }
    }
    precondition(failed == 0, "no loopback port could be had")
    port = Int(UInt16(bigEndian: address.sin_port))
    state.withLock { $0.running += 1 }
    Worker("loopback") { [state] in
      self.accept()
      state.change { $0.running -= 1 }
    }.detach()
  }

  /// Ends every connection and waits until its threads are gone.
  package func stop() {
    let open = state.withLock { (state: inout State) in
      state.isStopped = true
      return state.descriptors
    }
    _ = shutdown(listener, Int32(SHUT_RDWR))
    for descriptor in open { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
    _ = state.wait { $0.running == 0 ? true : nil }
    _ = close(listener)
  }

  /// Every request so far.
  package var arrived: [Arrived] { log.withLock { $0 } }

  /// How many connections were made.
  package var connections: Int { state.withLock { $0.connectionsEver } }

  /// Waits until so many requests have arrived.
  package func waitForRequests(_ count: Int) {
    _ = state.wait(timeout: .seconds(20)) { $0.requests >= count ? true : nil }
  }

  private func accept() {
    while true {
      let descriptor = Glibc.accept(listener, nil, nil)
      guard descriptor >= 0 else { return }
      // A program that another test starts meanwhile must not hold the connection open.
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      let refused = state.withLock { (state: inout State) in
        if state.isStopped { return true }
        state.descriptors.insert(descriptor)
        state.connectionsEver += 1
        state.running += 1
        return false
      }
      if refused {
        _ = close(descriptor)
        return
      }
      Worker("loopback-peer") { [self] in
        serve(Peer(descriptor: descriptor, patience: Self.patience))
        state.change { (state: inout State) in
          state.descriptors.remove(descriptor)
          _ = close(descriptor)
          state.running -= 1
        }
      }.detach()
    }
  }

  private func serve(_ peer: Peer) {
    var peer = peer
    var count = 0
    while let (head, rest) = peer.readHead() {
      guard let request = peer.readRequest(head, rest, number: 0, count + 1) else { return }
      count += 1
      let number = state.change { (state: inout State) in
        state.requests += 1
        return state.requests
      }
      let arrived = Arrived(
        number: number, numberOnConnection: count, method: request.method,
        target: request.target, headers: request.headers, body: request.body)
      log.withLock { $0.append(arrived) }
      guard peer.answer(script(arrived), to: arrived) else { return }
    }
  }
}
