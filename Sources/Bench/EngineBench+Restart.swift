// What a fresh engine needs over a large depot whose files are all stored: how long until it has answered
// for a file, and what memory it takes. A process of its own is started for it, which did nothing
// before.

package import Ambient
package import Bytes
import CacheEngine
import DurableFiles
import EventStore
import Manifest
import Sockets
import Telemetry

extension EngineBench {
  /// Makes the depot, starts the process, and says what it found.
  func restart() throws(BenchFailure) -> ([Figure], note: String) {
    let depot = try directory.fresh()
    let cold = try directory.fresh()
    try fill(depot)
    let answer: Subprocess
    do throws(SubprocessError) {
      answer = try Subprocess.run(
        options.program, ["bench", "serving", "--json", depot, cold], timeout: .seconds(600))
    } catch {
      throw BenchFailure("\(error)")
    }
    guard answer.exitCode == 0, let report = Self.report(answer),
      let serving = report["servingSeconds"]?.number,
      let memory = report["anonymousBytes"]?.number,
      report["files"]?.integer == Int64(options.files)
    else { throw BenchFailure("the process that serves answered: \(answer.text)") }
    for path in [depot, cold] { try directory.discard(path) }
    return (
      [
        Figure(
          name: "restart, scan skipped, to the first answer", quantity: .seconds,
          runs: Runs([serving]), bar: .value(1)),
        Figure(
          name: "anonymous memory of the engine", quantity: .bytes, runs: Runs([memory]),
          bar: .value(300e6)),
      ],
      "the last two are of \(options.files) clean files, a third of them hot; the bars are those of "
        + "10,000,000"
    )
  }

  private static func report(_ answer: Subprocess) -> JSONValue? {
    do throws(BytesError) {
      return try JSONValue(parsing: answer.output)
    } catch {
      // What it said instead is told by the caller.
      return nil
    }
  }

  private func fill(_ depot: String) throws(BenchFailure) {
    let state = depot + "/.p4cache"
    let disk = try directory.disk(at: depot)
    try filing { () throws(DiskError) in
      try disk.makeDirectories(".p4cache/events", mode: 0o700)
      try disk.makeDirectories(BenchDepot.path(1).parent, mode: 0o755)
    }
    try ColdReads.write(BenchDepot.path(1), Array("hot".utf8), on: disk)
    let store = try BenchDepot.open(on: try directory.disk(at: state + "/events"))
    try BenchDepot.append(options.files, to: store) { number in
      FileEvent(
        BenchDepot.path(number),
        .adopted(BenchDepot.stored(number), hot: number % 3 == 1 ? BenchDepot.hot(number) : nil))
    }
    let place = ManifestPlace.directory(try directory.disk(at: state), path: Array(state.utf8))
    try manifesting { () throws(ManifestError) in
      let manifest = try Manifest.open(
        place, log: store.reader, ManifestOptions(applying: .inline))
      while try manifest.applyPending() {}
      try manifest.close()
    }
    try storing { () throws(StoreError) in try store.close() }
  }
}

/// What a process sees that starts an engine and asks it.
package struct ServingProbe: Equatable, Sendable {
  /// From before the engine was opened until a cold file was answered for and a hot one served.
  package let servingSeconds: Double
  package let files: Int64
  /// The kernel's `RssAnon`, after some use.
  package let anonymousBytes: Int64

  /// Starts an engine on a depot that `EngineBench` has made, asks it, and stops it.
  package static func run(
    depot: String, cold: String, clock: MonotonicClock
  ) throws(BenchFailure) -> ServingProbe {
    let begun = clock.now()
    let engine = try ColdReads.engine(depot: depot, cold: cold) { settings in
      settings.depot.skipsStartupScan = true
      settings.cache.bytesMax = ByteCount(1 << 50)
      settings.cache.lowWatermark = ByteCount(1 << 49)
    }
    engine.start()
    let seconds: Double
    let files: Int64
    let memory: Int64?
    do throws(EngineError) {
      _ = try engine.status(BenchDepot.path(0))
      _ = try engine.fetch(BenchDepot.path(1))
      seconds = (clock.now() - begun).inSeconds
      files = engine.fileCounts.total.files
      var generator = SeededGenerator(seed: 3)
      for _ in 0..<10_000 {
        // Those are the cold ones.
        _ = try engine.status(BenchDepot.path(generator.below(Int(files) / 3) * 3))
      }
      _ = engine.snapshot()
      memory = Machine.ownMemory("RssAnon")
      try engine.stop()
    } catch {
      throw BenchFailure("\(error)")
    }
    guard let memory else {
      throw BenchFailure("the kernel does not say what memory a process has")
    }
    return ServingProbe(servingSeconds: seconds, files: files, anonymousBytes: memory)
  }

  package var json: JSONValue {
    [
      "servingSeconds": .number(servingSeconds), "files": JSONValue(files),
      "anonymousBytes": JSONValue(anonymousBytes),
    ]
  }
}
