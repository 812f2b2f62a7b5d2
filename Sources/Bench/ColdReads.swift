// Cold files that are asked for at the socket of a living engine, one after the other, as a program does
// that opens one; beside the bare calls that put a copy durably under its name.

import Ambient
import CacheEngine
import DurableFiles
import Sockets
import Telemetry
import Views

/// A depot with cold files, its engine, and a connection to its socket.
final class ColdReads {
  static let files = 300
  private static let bytesCount = 64 << 10
  private static let patience = Duration.seconds(60)

  private let directory: BenchDirectory
  private let clock: MonotonicClock
  private let depot: PosixDisk
  private let bareDisk: PosixDisk
  private let engine: Engine
  private let server: ShimServer
  private let socket: String
  private var rounds = 0

  init(_ directory: BenchDirectory, _ clock: MonotonicClock) throws(BenchFailure) {
    self.directory = directory
    self.clock = clock
    let path: String
    (depot, path) = try directory.freshDisk()
    let cold = try directory.fresh()
    (bareDisk, _) = try directory.freshDisk()
    for number in 0..<Self.files {
      try Self.write(Self.name(number), Self.bytes(number), on: depot)
    }
    let engine = try Self.engine(depot: path, cold: cold)
    self.engine = engine
    socket = path + "/.p4cache/\(ShimServer.socketName)"
    let metrics = try Self.metrics()
    do throws(SocketsError) {
      server = try ShimServer(
        socket: Array(socket.utf8), mode: 0o600,
        depot: DepotRoot(spellings: [Array(path.utf8)]),
        doors: engine.shimDoors { _ in true },
        metrics: metrics, log: Log(room: "shim", to: .none))
    } catch {
      throw BenchFailure("\(error)")
    }
    engine.start()
    try Self.wait(clock, Self.patience, "storing the files") {
      engine.snapshot().uploads.stored >= Self.files
    }
  }

  /// An engine that evicts only when it is told to.
  static func engine(
    depot: String, cold: String, _ adjust: (inout EngineSettings) -> Void = { _ in }
  ) throws(BenchFailure) -> Engine {
    let root = Array(depot.utf8)
    var settings = EngineSettings(depot: root)
    settings.cache.minimumAge = .zero
    settings.uploads.threads = EngineBench.hands
    adjust(&settings)
    let chosen = settings
    return try engining { () throws(EngineError) in
      try Engine.open(
        try EngineParts.directories(depot: root, cold: Array(cold.utf8)), chosen)
    }
  }

  private static func metrics() throws(BenchFailure) -> ShimMetrics {
    do throws(TelemetryError) { return try ShimMetrics(try MetricRegistry()) } catch {
      throw BenchFailure("\(error)")
    }
  }

  private static func name(_ number: Int) -> FilePath { FilePath.root.appending("file-\(number)") }

  private static func bytes(_ number: Int) -> [UInt8] {
    var generator = SeededGenerator(seed: UInt64(number))
    return (0..<bytesCount).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
  }

  static func write(
    _ path: FilePath, _ bytes: [UInt8], on disk: PosixDisk
  ) throws(BenchFailure) {
    try filing { () throws(DiskError) in
      try OpenFile(path, .creating(mode: 0o644), on: disk).write(bytes, at: 0)
    }
  }

  /// Looks again and again until it is so.
  static func wait(
    _ clock: MonotonicClock, _ patience: Duration, _ what: String, until isSo: () -> Bool
  ) throws(BenchFailure) {
    let end = clock.now() + patience
    while !isSo() {
      guard clock.now() < end else { throw BenchFailure("\(what) takes too long") }
      _ = Pause.live.wait(.milliseconds(5), nil)
    }
  }

  // MARK: - Figures

  /// Evicts everything and asks for it; the seconds that half of the requests took at most.
  func restored() throws(BenchFailure) -> Double {
    for number in 0..<Self.files where !engine.stepEvict(Self.name(number)) {
      throw BenchFailure("\(Self.name(number)) was not evicted")
    }
    var times: [Double] = []
    var refusal: String?
    do throws(SocketsError) {
      let deadline = Deadline.after(Self.patience)
      let stream = try Stream.connect(unix: socket, deadline)
      var reader = StreamReader(lineBytesMax: 8_192)
      for number in 0..<Self.files {
        let begun = clock.now()
        try stream.write(Array("P4CACHE/1 FETCH \(Self.name(number))\n".utf8), deadline)
        let line = try reader.line(from: stream, deadline).map {
          String(decoding: $0, as: UTF8.self)
        }
        times.append((clock.now() - begun).inSeconds)
        if line != "OK \(Self.bytesCount)" { refusal = line ?? "nothing" }
      }
    } catch {
      throw BenchFailure("\(error)")
    }
    if let refusal { throw BenchFailure("the engine answered \(refusal)") }
    return median(times)
  }

  /// The same bytes put in place by the calls that nobody can do without.
  func bare() throws(BenchFailure) -> Double {
    rounds += 1
    let place = FilePath.root.appending("round-\(rounds)")
    var times: [Double] = []
    try filing { () throws(DiskError) in
      try bareDisk.makeDirectory(place, mode: 0o755)
      for number in 0..<Self.files {
        let begun = clock.now()
        try Self.copy(
          Self.name(number), from: depot, to: place.appending("file-\(number)"), on: bareDisk)
        try bareDisk.syncDirectory(place)
        times.append((clock.now() - begun).inSeconds)
      }
      try bareDisk.removeTree(place)
    }
    return median(times)
  }

  /// A copy that is durable under its name once the directory is synced.
  static func copy(
    _ source: FilePath, from: PosixDisk, to path: FilePath, on disk: PosixDisk
  ) throws(DiskError) {
    let bytes = try OpenFile(source, .reading, on: from).readAll(bytesMax: 1 << 20)
    let beside = path.parent.appending(path.name + Array("~new".utf8))
    let file = try OpenFile(beside, .creating(mode: 0o644), on: disk)
    try file.write(bytes, at: 0)
    try file.sync(.all)
    try disk.rename(beside, to: path, replacing: false)
  }

  private func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }

  /// Ends the engine.
  func end() throws(BenchFailure) {
    server.stopServing(timeout: .seconds(1))
    try engining { () throws(EngineError) in try engine.stop() }
  }
}
