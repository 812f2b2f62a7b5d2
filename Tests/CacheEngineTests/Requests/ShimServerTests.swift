// The socket of the depot's server: what it answers, to whom, and what it counts meanwhile.

import Ambient
import CacheEngine
import DurableFiles
import ScratchFiles
import Sockets
import Synchronization
import Telemetry
import Testing

@Suite struct ShimServerTests {
  private let soon = Deadline.after(.seconds(30))
  private let scratch: Scratch
  private let registry: MetricRegistry
  private let clock = ManualClock()

  init() throws {
    scratch = try Scratch()
    registry = try MetricRegistry()
  }

  private var socket: [UInt8] { Array(scratch.path(ShimServer.socketName).utf8) }

  private static let status = ShimStatus(
    size: 7, mode: 0o100444, modifiedNanoseconds: 1_500_000_000, state: "clean", isHot: false)

  /// Doors that know one file, `cold`.
  private static let doors = ShimDoors(
    admits: { _ in true },
    fetch: { path, tell in
      tell(path == "cold" ? .success(7) : .failure(ShimRefusal(.notFound, "\(path) is no file")))
    },
    status: { path throws(ShimRefusal) in
      guard path == "cold" else { throw ShimRefusal(.notFound, "\(path) is no file") }
      return status
    },
    delete: { path throws(ShimRefusal) in
      guard path == "cold" else { throw ShimRefusal(.notFound, "\(path) is no file") }
    })

  private func server(
    _ doors: ShimDoors = doors, limits: RequestLimits = ShimServer.limits
  ) throws -> ShimServer {
    try ShimServer(
      socket: socket, mode: 0o660, depot: DepotRoot(spellings: [Array("/depot".utf8)]),
      doors: doors, metrics: try ShimMetrics(registry), limits: limits, clock: clock.monotonic,
      log: Log(room: "requests", to: .none))
  }

  private func connect() throws -> Stream { try Stream.connect(unix: socket, soon) }

  private func ask(_ stream: borrowing Stream, _ lines: [String]) throws -> [String] {
    try stream.write(Array(lines.map { $0 + "\n" }.joined().utf8), soon)
    return try hear(stream, lines.count)
  }

  private func hear(_ stream: borrowing Stream, _ countMax: Int) throws -> [String] {
    var reader = StreamReader(lineBytesMax: 1_000)
    var heard: [String] = []
    while heard.count < countMax, let line = try reader.line(from: stream, soon) {
      heard.append(String(decoding: line, as: UTF8.self))
    }
    return heard
  }

  /// What a counter says now.
  private func count(_ name: String, result: String? = nil) -> UInt64 {
    let metric = registry.snapshot().first { $0.name == name }
    let series = metric?.series.first { $0.labels.map(\.value) == (result.map { [$0] } ?? []) }
    switch series?.value {
    case .count(let count): return count
    case .histogram(let histogram): return histogram.count
    default: return 0
    }
  }

  @Test func `every request has its answer, in order, on one connection`() throws {
    let server = try server()
    let answers = try ask(
      connect(),
      [
        "P4CACHE/1 PING", "P4CACHE/1 FETCH cold", "P4CACHE/1 FETCH /depot/cold",
        "P4CACHE/1 STAT cold", "P4CACHE/1 DELETE cold", "P4CACHE/1 FETCH a\u{7}b",
        "P4CACHE/1 STAT none", "P4CACHE/1 DELETE none", "FETCH /depot/cold", "nonsense",
        "P4CACHE/1 FETCH ../cold", "P4CACHE/1 STAT .p4cache/shim.sock",
      ])
    #expect(
      answers.map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == [
        "OK", "OK 7", "OK 7", "OK 7", "OK", "ERR not_found", "ERR not_found", "ERR not_found",
        "OK 7", "ERR malformed", "ERR malformed", "ERR denied",
      ])
    #expect(answers[3] == "OK 7 100444 1.500000000 clean cold")
    #expect(answers[5] == "ERR not_found a\\\\x07b is no file")
    #expect(server.stopServing())
    let requests = "p4cache_shim_requests_total"
    #expect(count(requests, result: "ok") == 6)
    #expect(count(requests, result: "not_found") == 3)
    #expect(count(requests, result: "malformed") == 2)
    #expect(count(requests, result: "denied") == 1)
    #expect(count("p4cache_shim_legacy_unprefixed_total") == 1)
    #expect(count("p4cache_shim_request_duration_seconds") == 12)
    #expect(count("p4cache_shim_rejected_peer_total") == 0)
  }

  @Test func `a user that may not ask is told, counted, and asked nothing`() throws {
    var doors = Self.doors
    let users = Mutex<[UInt32]>([])
    doors.admits = { user in
      users.withLock { $0.append(user) }
      return false
    }
    let server = try server(doors)
    let heard = try hear(connect(), 9)
    #expect(heard == ["ERR denied this user may not ask; see shim_allowed_uids"])
    let own = try Stream.pair(name: "pair").first.peer?.user
    #expect(users.withLock { $0 } == [own])
    #expect(server.stopServing())
    #expect(count("p4cache_shim_rejected_peer_total") == 1)
    #expect(count("p4cache_shim_request_duration_seconds") == 0)
  }

  @Test func `a file that is long in coming keeps nobody else waiting`() throws {
    var doors = Self.doors
    var limits = ShimServer.limits
    limits.workersMax = 1
    let waiting = Mutex<[ShimDoors.Fetched]>([])
    doors.fetch = { _, tell in waiting.withLock { $0.append(tell) } }
    let server = try server(doors, limits: limits)
    let readers = [Holder(try connect()), Holder(try connect())]
    for reader in readers { try reader.stream.write(ShimRequest.fetch(path: [65]).line, soon) }
    #expect(try ask(connect(), ["P4CACHE/1 PING", "P4CACHE/1 STAT cold"]).count == 2)
    #expect(waiting.withLock { $0.count } == 2)
    clock.advance(by: .seconds(20))
    for tell in waiting.withLock({ $0 }) { tell(.success(1)) }
    for reader in readers { #expect(try hear(reader.stream, 1) == ["OK 1"]) }
    #expect(server.stopServing())
    let durations = registry.snapshot().first { $0.type == .histogram }
    guard case .histogram(let histogram) = durations?.series.first?.value else {
      Issue.record("no durations were kept")
      return
    }
    #expect(histogram.sum == 40)
  }

  @Test func `a fetch that the engine lost is an internal failure, and counted`() throws {
    var doors = Self.doors
    doors.fetch = { _, _ in }
    let server = try server(doors)
    #expect(
      try ask(connect(), ["P4CACHE/1 FETCH cold"]) == [
        "ERR internal the request was lost in the engine"
      ])
    #expect(server.stopServing())
    #expect(count("p4cache_shim_requests_total", result: "internal") == 1)
  }

  @Test func `a path of 5000 bytes is malformed, and ends the connection`() throws {
    let server = try server()
    let stream = try connect()
    let line = "P4CACHE/1 FETCH " + String(repeating: "a", count: 5_000)
    #expect(try ask(stream, [line]) == ["ERR malformed a path has at most 4096 bytes"])
    #expect(server.stopServing())
    #expect(count("p4cache_shim_requests_total", result: "malformed") == 1)
  }

  @Test func `more requests than may be are told to come again`() throws {
    var doors = Self.doors
    var limits = ShimServer.limits
    limits.requestsMax = 1
    let waiting = Monitor<ShimDoors.Fetched?>(nil)
    doors.fetch = { _, tell in waiting.change { $0 = tell } }
    let server = try server(doors, limits: limits)
    let reader = try connect()
    try reader.write(ShimRequest.fetch(path: [65]).line, soon)
    let tell = waiting.wait { $0 }
    let answers = try ask(connect(), ["P4CACHE/1 PING"])
    #expect(answers == ["ERR busy too much is asked at once; ask again"])
    tell?(.success(1))
    #expect(try hear(reader, 1) == ["OK 1"])
    #expect(server.stopServing())
    #expect(count("p4cache_shim_requests_total", result: "busy") == 1)
  }

  @Test func `a living socket is not taken over, and a dead one is`() throws {
    let first = try server()
    #expect(throws: SocketsError.inUse(scratch.path(ShimServer.socketName))) { _ = try server() }
    #expect(try ask(connect(), ["P4CACHE/1 PING"]) == ["OK"])
    #expect(first.stopServing())
    do {
      // A second name survives its listener, as the only one does a kill.
      let killed = try StreamListener(unix: scratch.path("killed"), mode: 0o600)
      try scratch.disk.rename("killed", to: FilePath(ShimServer.socketName), replacing: false)
      _ = killed.name
    }
    #expect(throws: SocketsError.refused(scratch.path(ShimServer.socketName))) { _ = try connect() }
    let second = try server()
    #expect(try ask(connect(), ["P4CACHE/1 PING"]) == ["OK"])
    #expect(try scratch.disk.status(at: FilePath(ShimServer.socketName))?.mode == 0o660)
    #expect(second.stopServing())
  }

  @Test func `its metrics have the names that dashboards know`() throws {
    _ = try ShimMetrics(registry)
    _ = try ShimMetrics(registry)
    let names = registry.snapshot().map(\.name)
    #expect(
      names == [
        "p4cache_shim_legacy_unprefixed_total", "p4cache_shim_rejected_peer_total",
        "p4cache_shim_request_duration_seconds", "p4cache_shim_requests_total",
      ])
  }
}

/// A connection in an array.
private final class Holder {
  let stream: Stream

  init(_ stream: consuming Stream) {
    self.stream = stream
  }
}
