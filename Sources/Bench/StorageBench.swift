// `larder bench storage`: the S3 store beside rclone, and beside curl with the official BLAKE3 behind
// it, on one server, in rounds that take turns. Large objects move as the product moves them, files
// at both ends; the clock and the processor time of one transfer are two figures of it.

package import Ambient
import Bytes
import CloudStorage
import ColdStorage
import Digests
import DurableFiles
import HTTP
import Retry
import Synchronization
import Telemetry

/// What is measured, and how much of it.
package struct StorageBenchOptions: Sendable {
  /// Below which the files lie while it is measured.
  package var directory = "."
  /// The large object.
  package var objectBytes = ByteCount(1 << 30)
  /// How many small objects, of 4 KiB each.
  package var smallObjects = 10_000
  /// How many parts, ranges or small objects are under way at once, on either side.
  package var threads = 4
  package var rounds = 3
  package var rclone = "rclone"
  package var python = "python3"

  package init() {}
}

/// The figures of the S3 store.
package final class StorageBench {
  private let options: StorageBenchOptions
  private let directory: BenchDirectory
  private let files: PosixDisk
  private let path: String
  private let server: StorageStandIn
  private let store: S3Store
  private let rclone: Rclone

  private static let large: FilePath = "large"
  private static let huge: FilePath = "huge"
  private static let small: FilePath = "small"
  private static let smallBytes = 4_096
  /// How many times the large object the object has during whose upload memory is looked at.
  private static let hugeFactor: UInt64 = 5

  /// Makes the files and starts the server.
  package init(_ options: StorageBenchOptions) throws(BenchFailure) {
    self.options = options
    directory = try BenchDirectory(below: options.directory)
    (files, path) = try directory.freshDisk()
    let known = try Self.makeFiles(options, files)
    server = try StorageStandIn(in: directory, serving: known, root: path)
    store = try Self.store(on: server, options)
    rclone = Rclone(
      program: options.rclone, endpoint: server.endpoint, threads: options.threads)
  }

  /// Ends the server and removes the files.
  package func end() throws(BenchFailure) {
    try server.stop()
    try directory.remove()
  }

  /// How many measurements it takes.
  package var measurements: Int { contests.count * options.rounds }

  /// Measures; `progress` is told how many measurements are behind.
  package func report(
    clock: MonotonicClock, wall: WallClock, progress: (_ done: Int) -> Void
  ) throws(BenchFailure) -> BenchReport {
    // Before anything is measured: the load is that of others.
    let machine = Machine.current()
    let figures = try hold(
      contests, rounds: options.rounds, Stopwatch(clock), progress: progress)
    return BenchReport(
      bench: "storage", time: wall.now(), machine: machine, rounds: options.rounds,
      figures: figures,
      notes: [
        "the server is nginx on the loopback, which keeps what it is sent and checks nothing",
        "\(options.threads) parts, ranges or objects at once on either side, parts of 8 MiB",
        "processor time is that of the client alone, the start of its process included for peers",
      ])
  }

  // What is moved

  private static func makeFiles(
    _ options: StorageBenchOptions, _ files: PosixDisk
  ) throws(BenchFailure) -> KnownObject {
    do throws(DiskError) {
      let bucket = try FilePath(StorageStandIn.bucket)
      try files.makeDirectory(bucket, mode: 0o755)
      try files.makeDirectory(small, mode: 0o700)
      var random = SeededGenerator(seed: 1)
      for index in 0..<options.smallObjects {
        try OpenFile(small.appending("\(index)"), .creating(mode: 0o600), on: files)
          .write(random.bytes(smallBytes), at: 0)
      }
      let size = UInt64(options.objectBytes.bytes)
      try OpenFile(huge, .creating(mode: 0o600), on: files).truncate(to: size * hugeFactor)
      // What is uploaded and what is downloaded are alike, so that one digest serves both.
      let stored = bucket.appending("down")
      let source = try OpenFile(large, .creating(mode: 0o600), on: files)
      let target = try OpenFile(stored, .creating(mode: 0o644), on: files)
      var blake3 = Blake3()
      var md5 = try md5Hasher()
      var offset: UInt64 = 0
      while offset < size {
        let piece = random.bytes(Int(min(1 << 20, size - offset)))
        try source.write(piece, at: offset)
        try target.write(piece, at: offset)
        blake3.update(piece)
        md5.update(piece.span)
        offset += UInt64(piece.count)
      }
      return KnownObject(
        name: "down", blake3: "\(blake3.digest())", md5: base64(md5.digest().bytes))
    } catch {
      throw BenchFailure("the bench's files could not be made: \(error)")
    }
  }

  private static func md5Hasher() throws(DiskError) -> Md5 {
    do throws(DigestsError) {
      return try Md5()
    } catch {
      throw .unsupported("MD5")
    }
  }

  private static func store(
    on server: StorageStandIn, _ options: StorageBenchOptions
  ) throws(BenchFailure) -> S3Store {
    var settings = S3Settings(bucket: StorageStandIn.bucket)
    settings.endpoint = URL(scheme: .http, host: "127.0.0.1", port: server.port)
    settings.endpointPin = true
    settings.partsInFlight = options.threads
    settings.chunkThreads = options.threads
    let metrics: StorageMetrics
    do throws(TelemetryError) {
      metrics = try StorageMetrics(MetricRegistry())
    } catch {
      preconditionFailure("an empty registry has every name free: \(error)")
    }
    let backend = Backend(
      "bench", retries: Retries(clock: .live, entropy: .live, pause: .live),
      circuit: Circuit("bench", clock: .live, wall: .live), metrics: metrics,
      log: Log(room: "storage", to: .none), clock: .live)
    let secret = SecretBytes(copying: Array("bench".utf8).span)
    do throws(StorageError) {
      return try S3Store(
        settings,
        S3Runtime(
          client: CurlClient(),
          credentials: FixedCredentials(AWSCredentials(accessKey: "bench", secretKey: secret)),
          wall: .live, backend: backend))
    } catch {
      throw BenchFailure("\(error)")
    }
  }

  private static func source(
    _ file: FilePath, on files: PosixDisk
  ) throws(StorageError) -> FileSource {
    let opened: OpenFile
    do throws(DiskError) {
      opened = try OpenFile(file, .reading, on: files)
    } catch {
      throw .sourceFailed(error)
    }
    return try FileSource(opened)
  }

  // Contests

  private var contests: [Contest] {
    let bytes = Double(options.objectBytes.bytes)
    let size = "\(options.objectBytes)"
    let upload = TransferLeg(
      ours: { [self] stopwatch throws(BenchFailure) in try self.upload(stopwatch) },
      theirs: { [self] stopwatch throws(RivalMissing) in
        try rclone.upload("\(path)/\(Self.large)", stopwatch)
      })
    let download = TransferLeg(
      ours: { [self] stopwatch throws(BenchFailure) in try self.download(stopwatch) },
      theirs: { [self] stopwatch throws(RivalMissing) in
        try discarding("theirs") { file throws(RivalMissing) in
          try rclone.download("down", to: file, stopwatch)
        }
      })
    let many = TransferLeg(
      ours: { [self] stopwatch throws(BenchFailure) in try self.uploadMany(stopwatch) },
      theirs: { [self] stopwatch throws(RivalMissing) in
        try rclone.uploadMany("\(path)/\(Self.small)", stopwatch)
      })
    return [
      upload.rate("upload, \(size)", .bytesPerSecond, of: bytes),
      upload.processorTime("upload, \(size), processor"),
      download.rate("download, \(size)", .bytesPerSecond, of: bytes),
      download.processorTime("download, \(size), processor"),
      many.rate(
        "upload of \(options.smallObjects) of 4 KiB", .perSecond,
        of: Double(options.smallObjects)),
      many.processorTime("upload of \(options.smallObjects) of 4 KiB, processor"),
      hashedDownload(download, "download, \(size), processor, hashed"),
      memory(
        "memory in an upload of \(ByteCount(options.objectBytes.bytes * Int64(Self.hugeFactor)))"),
    ]
  }

  /// The download that rclone was measured beside, beside curl and the official BLAKE3.
  private func hashedDownload(_ download: TransferLeg, _ name: String) -> Contest {
    let rival = CurlAndBlake3(python: options.python)
    let contender = Contest.Contender("curl + official BLAKE3") {
      [self] stopwatch, _ throws(RivalMissing) in
      try discarding("curl") { file throws(RivalMissing) in
        try rival.download(
          "\(server.endpoint)/\(StorageStandIn.bucket)/down", to: file, stopwatch)
      }.processorSeconds
    }
    return Contest(name, .seconds, bar: .ratio(1.3), against: contender) { _ in
      download.ourProcessorSeconds
    }
  }

  private func memory(_ name: String) -> Contest {
    Contest(name, .bytes, bar: .value(64_000_000)) { [self] _ throws(BenchFailure) in
      let highest = Mutex<Int64>(0)
      try storing { () throws(StorageError) in
        let request = UploadRequest(progress: { _ in
          let now = Machine.ownMemory("RssAnon") ?? 0
          highest.withLock { $0 = max($0, now) }
        })
        _ = try store.upload("huge", from: try Self.source(Self.huge, on: files), request)
      }
      let bytes = highest.withLock { $0 }
      if bytes == 0 { throw BenchFailure("the kernel does not tell this process's memory") }
      return Double(bytes)
    }
  }

  // Our side

  private func upload(_ stopwatch: Stopwatch) throws(BenchFailure) -> TransferCost {
    try cost(stopwatch) { () throws(StorageError) in
      _ = try store.upload("ours-up", from: try Self.source(Self.large, on: files), UploadRequest())
    }
  }

  private func download(_ stopwatch: Stopwatch) throws(BenchFailure) -> TransferCost {
    let target: FilePath = "ours"
    let cost = try cost(stopwatch) { () throws(StorageError) in
      let file: OpenFile
      do throws(DiskError) {
        file = try OpenFile(target, .creating(mode: 0o600), on: files)
      } catch {
        throw .sinkFailed(error)
      }
      _ = try store.download("down", to: FileSink(file), DownloadRequest())
    }
    do throws(DiskError) { try files.remove(target) } catch { throw BenchFailure("\(error)") }
    return cost
  }

  private func uploadMany(_ stopwatch: Stopwatch) throws(BenchFailure) -> TransferCost {
    let next = Atomic(0)
    let failure = Mutex<StorageError?>(nil)
    return try cost(stopwatch) { () throws(StorageError) in
      let (store, files, count) = (store, files, options.smallObjects)
      Worker.each(options.threads, named: "many") { _ in
        do throws(StorageError) {
          while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            _ = try store.upload(
              try ObjectKey("ours-many/\(index)"),
              from: try Self.source(Self.small.appending("\(index)"), on: files),
              UploadRequest())
          }
        } catch {
          failure.withLock { $0 = error }
        }
      }
      if let failure = failure.withLock({ $0 }) { throw failure }
    }
  }

  private func cost(
    _ stopwatch: Stopwatch, _ body: () throws(StorageError) -> Void
  ) throws(BenchFailure) -> TransferCost {
    let before = ThisProcess.processorTime
    let seconds = try stopwatch.once { () throws(BenchFailure) in try storing(body) }
    return TransferCost(
      seconds: seconds, processorSeconds: (ThisProcess.processorTime - before).inSeconds)
  }

  private func storing(_ body: () throws(StorageError) -> Void) throws(BenchFailure) {
    do throws(StorageError) { try body() } catch {
      throw BenchFailure("the store failed on the bench's server: \(error)")
    }
  }

  /// Lends the path of a file that a rival makes, and removes the file.
  private func discarding(
    _ name: String, _ body: (_ file: String) throws(RivalMissing) -> TransferCost
  ) throws(RivalMissing) -> TransferCost {
    let cost = try body("\(path)/\(name)")
    do throws(DiskError) {
      try files.remove(FilePath.root.appending(name))
    } catch {
      throw RivalMissing("what it wrote could not be removed: \(error)")
    }
    return cost
  }
}

/// A transfer of which clock and processor time are two figures, measured together once a round.
private final class TransferLeg {
  private let ours: (Stopwatch) throws(BenchFailure) -> TransferCost
  private let theirs: (Stopwatch) throws(RivalMissing) -> TransferCost
  private var ourLast = TransferCost(seconds: 0, processorSeconds: 0)
  private var theirLast = Result<TransferCost, RivalMissing>.failure(RivalMissing("not measured"))

  /// What our side took of the processors in this round.
  var ourProcessorSeconds: Double { ourLast.processorSeconds }

  init(
    ours: @escaping (Stopwatch) throws(BenchFailure) -> TransferCost,
    theirs: @escaping (Stopwatch) throws(RivalMissing) -> TransferCost
  ) {
    self.ours = ours
    self.theirs = theirs
  }

  /// How much of `amount` passes in a second; measures both sides.
  func rate(_ name: String, _ quantity: Quantity, of amount: Double) -> Contest {
    let contender = Contest.Contender("rclone") { [self] stopwatch, _ throws(RivalMissing) in
      do throws(RivalMissing) {
        let cost = try theirs(stopwatch)
        theirLast = .success(cost)
        return amount / cost.seconds
      } catch {
        theirLast = .failure(error)
        throw error
      }
    }
    return Contest(name, quantity, bar: .ratio(0.95), against: contender) {
      [self] stopwatch throws(BenchFailure) in
      ourLast = try ours(stopwatch)
      return amount / ourLast.seconds
    }
  }

  /// What the same transfer took of the processors.
  func processorTime(_ name: String) -> Contest {
    let contender = Contest.Contender("rclone") { [self] _, _ throws(RivalMissing) in
      try theirLast.get().processorSeconds
    }
    return Contest(name, .seconds, bar: .ratio(1), against: contender) { [self] _ in
      ourProcessorSeconds
    }
  }
}
