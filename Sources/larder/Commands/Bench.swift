// `larder bench WHAT`: figures of this build on this machine, beside those of others in the same run.

import Ambient
import Bench
import Digests
import Flags

private let json = Flag("json", "Print all runs as JSON.")
private let rounds = Flag(
  "rounds", .integer(1...roundsMax), default: 5, "In how many rounds everything is measured.")
private let threads = Flag(
  "threads", optional: .integer(1...Blake3.threadsMax),
  "How many threads the figure of several is for; without it, one for each processor.")
private let python = Flag(
  "python", .text("PROGRAM"), default: "python3",
  "The Python that has the official BLAKE3 as its module blake3.")

private let directory = Flag(
  "directory", .directory(), default: Array(".".utf8),
  "Where the stores that are measured are made, and removed again.")
private let events = Flag(
  "events", .integer(EventStoreBench.eventsMin...100_000_000), default: 1_000_000,
  "How many events the large store has; every other size follows from it.")
private let only = Flag(
  "only", optional: .choice(placeholder: "ROW") as Spelling<EventStoreRow>,
  "Measure this row alone.")
private let storeRounds = Flag(
  "rounds", .integer(1...roundsMax), default: 3, "In how many rounds everything is measured.")

private let objectSize = Flag(
  "size", .byteCount(ByteCount(16 << 20)...ByteCount(16 << 30)), default: ByteCount(1 << 30),
  "How long the large object is.")
private let smallObjects = Flag(
  "objects", .integer(1...1_000_000), default: 10_000, "How many small objects there are.")
private let transferThreads = Flag(
  "threads", .integer(1...16), default: 4,
  "How many parts, ranges or small objects are under way at once, on either side.")
private let rclone = Flag(
  "rclone", .text("PROGRAM"), default: "rclone", "The rclone to measure beside.")

private let jobItems = Flag(
  "items", .integer(1_000...4_000_000), default: 100_000, "How many items a job has.")
private let depotFiles = Flag(
  "files", .integer(1_000...20_000_000), default: 1_000_000, "How many files the depot has.")
private let onlyConsole = Flag(
  "only", optional: .choice(placeholder: "ROW") as Spelling<ConsoleRow>,
  "Measure this part alone.")
private let depotTransitions = Flag(
  "transitions", .integer(100...10_000_000), default: 100_000,
  "How many transitions are applied in batches.")

private let engineRounds = Flag(
  "rounds", .integer(1...roundsMax), default: 3, "In how many rounds rows with a peer are measured."
)
private let smallUploads = Flag(
  "uploads", .integer(1_000...1_000_000), default: 100_000, "How many files of 16 KiB are stored.")
private let sustainedSeconds = Flag(
  "seconds", .integer(1...3_600), default: 60,
  "For how long transitions are written down without a pause.")
private let lmdbPython = Flag(
  "python", .text("PROGRAM"), default: "python3", "The Python that has the module lmdb.")
private let depotDirectory = Argument(
  .directory("DEPOT"), "The depot that was made for it.")
private let coldDirectory = Argument(
  .directory("COLD"), "The directory of its cold store.")

/// Measures parts of the product.
let benchCommand: Command<Action> = Command(
  "bench", "Measure parts of the product on this machine.",
  commands: [
    Command(
      "digests", "Measure digests, checksums, signatures and seals.",
      details: """
        The official BLAKE3 is measured in the same run through its Python package, and SHA-256 beside \
        'openssl speed'. One that is not installed is reported as missing.
        """,
      examples: [.init("larder bench digests --threads 2 --json", "Measure for a program.")],
      takes: [json, rounds, threads, python], action: Action(benchDigests)),
    Command(
      "event-store", "Measure the event store beside RocksDB and SQLite.",
      details: """
        Each figure is measured in turn with its peer, on the disk that holds the directory. With the \
        default number of events it takes some 30 GB of space for a while and several minutes. RocksDB is \
        loaded if it is installed, and reported as missing if not.
        """,
      examples: [
        .init(
          "larder bench event-store --directory /srv", "Measure everything on the disk of /srv."),
        .init(
          "larder bench event-store --only reads --events 100000", "Measure one row quickly."),
      ],
      takes: [json, storeRounds, directory, events, only], action: Action(benchEventStore)),
    Command(
      "operations", "Measure the gate that every operation passes.",
      details: """
        An inspect operation is measured against its own handler, an acting one against the append of \
        the same events without the gate, on the disk that holds the directory.
        """,
      examples: [.init("larder bench operations --directory /srv", "Measure on the disk of /srv.")],
      takes: [json, storeRounds, directory, jobItems], action: Action(benchOperations)),
    Command(
      "storage", "Measure the S3 store beside rclone, and beside curl with BLAKE3.",
      details: """
        A server is started on the loopback for it: nginx, configured to look like a bucket, so that \
        clients are measured and not servers. With the default sizes it needs some 4 GiB in the \
        directory; /dev/shm keeps the disk out of the figures. nginx must be installed; rclone, curl \
        or the Python module blake3 are reported as missing if they are not.
        """,
      examples: [
        .init("larder bench storage --directory /dev/shm", "Measure without the disk.")
      ],
      takes: [
        json, storeRounds, directory, objectSize, smallObjects, transferThreads, rclone, python,
      ], action: Action(benchStorage)),
    Command(
      "manifest", "Measure the manifest of a large depot.",
      details: """
        A log of one event a file is made in the directory, and the tables are built from it; both are \
        removed at the end. A million files take about 1 GB for a while, ten million about 8 GB.
        """,
      examples: [
        .init(
          "larder bench manifest --files 10000000 --directory /srv",
          "Measure what the bars are meant for.")
      ],
      takes: [json, directory, depotFiles, depotTransitions], action: Action(benchManifest)),
    Command(
      "console", "Measure the console on its terminal, beside htop and btop.",
      details: """
        The console runs on a terminal that is played here, on a depot of so many files that is made in \
        the directory and removed at the end: a million take about 1 GB and a minute, ten million about \
        8 GB and some minutes. What counts is what a person and a line notice: time to the first picture, \
        bytes sent, time from a key to its answer. htop and btop are reported as missing if they are not \
        installed.
        """,
      examples: [
        .init("larder bench console --directory /srv", "Measure everything on a million files."),
        .init(
          "larder bench console --files 10000000 --only rows",
          "First rows and a filter on ten million."),
      ],
      takes: [json, storeRounds, directory, depotFiles, onlyConsole],
      action: Action(benchConsole)),
    Command(
      "engine", "Measure a whole engine beside the bare calls of the disk, SQLite and LMDB.",
      details: """
        Depots, logs and cold stores are made in the directory and removed at the end. A hundred thousand \
        uploads take some 5 GB for a while, a depot of ten million files some 8 GB. LMDB is measured \
        through the Python module lmdb, and reported as missing without it.
        """,
      examples: [
        .init(
          "larder bench engine --files 10000000 --seconds 300 --directory /srv",
          "Measure what the bars are meant for.")
      ],
      takes: [
        json, engineRounds, directory, smallUploads, depotFiles, sustainedSeconds, lmdbPython,
      ], action: Action(benchEngine)),
    Command(
      "serving", "Start an engine on a depot that 'bench engine' made, and say what that takes.",
      takes: [json, depotDirectory, coldDirectory], action: Action(benchServing)),
    Command(
      "paging", "Page through an event store and say what memory that takes.",
      details: """
        The store is opened as its writer does, so nobody else may have it open; a hundred events are \
        appended to it.
        """,
      takes: [json, storeDirectory], action: Action(benchPaging)),
  ])

private func benchDigests(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let bench = DigestsBench(
    threads: invocation[threads] ?? ThisProcess.processors, rounds: invocation[rounds],
    python: invocation[python])
  return try measure(bench.measurements, invocation, &output) { (progress) throws(BenchFailure) in
    try bench.report(clock: .live, wall: .live, progress: progress)
  }
}

private func benchEventStore(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let directory = try text(invocation[directory])
  let bench = try benching { () throws(BenchFailure) in
    try EventStoreBench(
      directory: directory, events: invocation[events],
      rounds: invocation[storeRounds],
      rows: invocation[only].map { [$0] } ?? Set(EventStoreRow.allCases))
  }
  return try measure(bench.measurements, invocation, &output) { (progress) throws(BenchFailure) in
    try bench.report(clock: .live, wall: .live, progress: progress)
  }
}

private func benchOperations(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let directory = try text(invocation[directory])
  let bench = try benching { () throws(BenchFailure) in
    try OperationsBench(
      directory: directory, items: invocation[jobItems], rounds: invocation[storeRounds])
  }
  return try measure(bench.measurements, invocation, &output) { (progress) throws(BenchFailure) in
    try bench.report(clock: .live, wall: .live, progress: progress)
  }
}

private func benchStorage(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  var options = StorageBenchOptions()
  options.directory = try text(invocation[directory])
  options.objectBytes = invocation[objectSize]
  options.smallObjects = invocation[smallObjects]
  options.threads = invocation[transferThreads]
  options.rounds = invocation[storeRounds]
  options.rclone = invocation[rclone]
  options.python = invocation[python]
  let chosen = options
  let bench = try benching { () throws(BenchFailure) in try StorageBench(chosen) }
  return try measure(
    bench.measurements, invocation, &output,
    { (progress) throws(BenchFailure) in
      try bench.report(clock: .live, wall: .live, progress: progress)
    },
    end: { () throws(BenchFailure) in try bench.end() })
}

private func benchManifest(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  var options = ManifestBenchOptions()
  options.directory = try text(invocation[directory])
  options.files = invocation[depotFiles]
  options.transitions = invocation[depotTransitions]
  let chosen = options
  let bench = try benching { () throws(BenchFailure) in
    try ManifestBench(chosen, clock: .live)
  }
  return try measure(
    bench.measurements, invocation, &output,
    { (progress) throws(BenchFailure) in try bench.report(wall: .live, progress: progress) },
    end: { () throws(BenchFailure) in try bench.end() })
}

private func benchConsole(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  var options = ConsoleBenchOptions()
  options.directory = try text(invocation[directory])
  options.files = invocation[depotFiles]
  options.rounds = invocation[storeRounds]
  if let row = invocation[onlyConsole] { options.rows = [row] }
  let chosen = options
  let bench = try benching { () throws(BenchFailure) in
    try ConsoleBench(chosen, clock: .live)
  }
  return try measure(
    bench.measurements, invocation, &output,
    { (progress) throws(BenchFailure) in try bench.report(wall: .live, progress: progress) },
    end: { () throws(BenchFailure) in try bench.end() })
}

private func benchEngine(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  var options = EngineBenchOptions()
  options.directory = try text(invocation[directory])
  options.uploads = invocation[smallUploads]
  options.files = invocation[depotFiles]
  options.sustained = .seconds(invocation[sustainedSeconds])
  options.rounds = invocation[engineRounds]
  options.python = invocation[lmdbPython]
  let chosen = options
  let bench = try benching { () throws(BenchFailure) in try EngineBench(chosen, clock: .live) }
  return try measure(
    bench.measurements, invocation, &output,
    { (progress) throws(BenchFailure) in try bench.report(wall: .live, progress: progress) },
    end: { () throws(BenchFailure) in try bench.end() })
}

private func benchServing(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let (depot, cold) = (try text(invocation[depotDirectory]), try text(invocation[coldDirectory]))
  let probe = try benching { () throws(BenchFailure) in
    try ServingProbe.run(depot: depot, cold: cold, clock: .live)
  }
  if invocation[json] {
    try output.print(json: probe.json)
  } else {
    try output.print(
      "\(probe.files) files: \(ByteCount(probe.anonymousBytes)) anonymous, serving after "
        + "\(probe.servingSeconds) s")
  }
  return .done
}

private func benchPaging(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let path = try text(invocation[storeDirectory])
  let probe = try benching { () throws(BenchFailure) in try PagingProbe.run(path) }
  if invocation[json] {
    try output.print(json: probe.json)
  } else {
    try output.print(
      "\(probe.pages) pages of \(probe.events) events in \(probe.segments) segments: "
        + "\(ByteCount(probe.anonymousBytes)) anonymous, \(ByteCount(probe.residentBytes)) resident"
    )
  }
  return .done
}

/// A path that other programs are told as text.
private func text(_ path: [UInt8]) throws(Failure) -> String {
  guard let text = String(validating: path, as: UTF8.self) else {
    throw .ended(.misused, "a bench needs a directory whose path is UTF-8")
  }
  return text
}

private func benching<Result>(
  _ body: () throws(BenchFailure) -> Result
) throws(Failure) -> Result {
  do throws(BenchFailure) { return try body() } catch { throw .ended(.failed, error.reason) }
}

/// Measures with a line that shows how far it has come, and is gone afterwards; then ends what the
/// measurements stood on, whatever became of them, and prints the report.
private func measure(
  _ measurements: Int, _ invocation: Invocation, _ output: inout Output,
  _ report: ((Int) -> Void) throws(BenchFailure) -> BenchReport,
  end: () throws(BenchFailure) -> Void = {}
) throws(Failure) -> ExitCode {
  let found: BenchReport
  do throws(BenchFailure) {
    var line = output.progress("measuring", .items, total: Int64(measurements))
    found = try report { line.update(done: Int64($0)) }
  } catch {
    try benching(end)
    throw .ended(.failed, error.reason)
  }
  try benching(end)
  return try print(found, asJSON: invocation[json], &output)
}

private func print(
  _ report: BenchReport, asJSON: Bool, _ output: inout Output
) throws(Failure) -> ExitCode {
  if asJSON {
    try output.print(json: report.json)
  } else {
    try output.write(report.table)
  }
  try output.flush()
  for warning in report.warnings where asJSON { output.say(warning) }
  return .done
}
