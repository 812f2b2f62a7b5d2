// `larder bench engine`: what a whole engine does on this machine's disk, beside the bare calls that
// it cannot do without, and beside others who write things down. Every store and depot is made in the
// directory, and removed.

package import Ambient
import DurableFiles

/// What is measured, and how much of it.
package struct EngineBenchOptions: Sendable {
  /// Below which everything lies while it is measured.
  package var directory = "."
  /// Files of 16 KiB that are uploaded.
  package var uploads = 100_000
  /// Files of the depot whose engine is started again.
  package var files = 1_000_000
  /// For how long transitions are written down without a pause.
  package var sustained = Duration.seconds(60)
  /// How often the rows with a rival are measured.
  package var rounds = 3
  /// The Python that has the module lmdb.
  package var python = "python3"
  /// The executable that is started for what only a fresh process shows.
  package var program = "/proc/self/exe"

  package init() {}
}

/// The figures of an engine.
package final class EngineBench {
  let options: EngineBenchOptions
  let directory: BenchDirectory
  let clock: MonotonicClock

  /// How many write things down at once.
  static let producers = 64
  /// How many files are stored or copied at once.
  static let hands = 8

  package init(_ options: EngineBenchOptions, clock: MonotonicClock) throws(BenchFailure) {
    self.options = options
    self.clock = clock
    directory = try BenchDirectory(below: options.directory)
  }

  /// How many measurements it takes.
  package var measurements: Int { contests(nil).count * options.rounds + 2 }

  /// Removes what was made.
  package func end() throws(BenchFailure) { try directory.remove() }

  package func report(
    wall: WallClock, progress: (_ done: Int) -> Void
  ) throws(BenchFailure) -> BenchReport {
    // Before anything is measured: the load is that of others.
    let machine = Machine.current()
    let reads = try ColdReads(directory, clock)
    let contests = contests(reads)
    var figures = try hold(
      contests, rounds: options.rounds, Stopwatch(clock), progress: progress)
    try reads.end()
    let behind = contests.count * options.rounds
    let (sustained, lag) = try sustainedTransitions()
    figures.append(sustained)
    progress(behind + 1)
    let (restart, note) = try restart()
    figures += restart
    progress(behind + 2)
    return BenchReport(
      bench: "engine", time: wall.now(), machine: machine, rounds: options.rounds,
      figures: figures,
      notes: [
        "transitions are `written` and `stored` of one file in its turn, both durable; "
          + "\(Self.producers) producers",
        "sustained for \(options.sustained.inSeconds.rounded()) s; "
          + "the manifest was at most \(lag) events behind",
        "\(ColdReads.files) files of 64 KiB; \(options.uploads) of 16 KiB by \(Self.hands) threads",
        note,
      ])
  }

  private func contests(_ reads: ColdReads?) -> [Contest] {
    transitions + [
      Contest(
        "cold read of 64 KiB over the socket, p50", .seconds, bar: .ratio(1.3),
        against: .init("copy, fsync, rename, fsync of the directory") {
          (_, _) throws(RivalMissing) in
          do throws(BenchFailure) { return try reads?.bare() ?? 0 } catch {
            throw RivalMissing(error.reason)
          }
        }
      ) { (_) throws(BenchFailure) in try reads?.restored() ?? 0 },
      Contest(
        "upload of files of 16 KiB", .perSecond, bar: .ratio(0.6),
        against: .init("copy, fsync, rename by \(Self.hands) threads") {
          [self] (_, _) throws(RivalMissing) in
          do throws(BenchFailure) { return try bareUploads() } catch {
            throw RivalMissing(error.reason)
          }
        }
      ) { [self] (_) throws(BenchFailure) in try uploads() },
    ]
  }
}

/// Runs the body with the disk's word as a failure of the bench.
func filing<Result: ~Copyable>(
  _ body: () throws(DiskError) -> Result
) throws(BenchFailure) -> Result {
  do throws(DiskError) { return try body() } catch { throw BenchFailure("\(error)") }
}
