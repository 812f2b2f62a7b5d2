// `larder bench manifest`: how the manifest of a large depot answers, and how fast it follows the
// log. The log of the depot is made first and is no figure; then the tables are built from it, asked
// in every order, and brought after more transitions. Bars are those of ten million files.

package import Ambient
import Bytes
import Digests
import DurableFiles
import EventStore
import Manifest

/// What is measured, and how much of it.
package struct ManifestBenchOptions: Sendable {
  /// Below which the depot's log and tables lie while it is measured.
  package var directory = "."
  package var files = 1_000_000
  /// Transitions that are applied in batches afterwards.
  package var transitions = 100_000
  /// Pages of 200 rows asked for in each order.
  package var pages = 500

  package init() {}
}

/// The figures of the manifest.
package final class ManifestBench {
  private let options: ManifestBenchOptions
  private let directory: BenchDirectory
  private let clock: MonotonicClock
  private var random = SeededGenerator(seed: 11)
  private var figures: [Figure] = []
  private var done = 0

  package init(_ options: ManifestBenchOptions, clock: MonotonicClock) throws(BenchFailure) {
    self.options = options
    self.clock = clock
    directory = try BenchDirectory(below: options.directory)
  }

  /// How many measurements it takes: the log, the build, opening, counts, each order both ways,
  /// prefixes, transitions, memory.
  package var measurements: Int { 7 + 2 * RowOrder.allCases.count }

  /// Removes what was made.
  package func end() throws(BenchFailure) { try directory.remove() }

  package func report(
    wall: WallClock, progress: (_ done: Int) -> Void
  ) throws(BenchFailure) -> BenchReport {
    // Before anything is measured: the load is that of others.
    let machine = Machine.current()
    let (events, _) = try directory.freshDisk()
    let (state, path) = try directory.freshDisk()
    let store = try BenchDepot.open(on: events)
    let logSeconds = try seconds { () throws(BenchFailure) in try fill(store) }
    step(progress)
    let place = ManifestPlace.directory(state, path: Array(path.utf8))
    try measureBuild(store, place)
    step(progress)
    let manifest = try measureOpening(store, place)
    step(progress)
    try measureCounts(manifest)
    step(progress)
    for order in RowOrder.allCases {
      for direction in [RowDirection.ascending, .descending] {
        try measurePages(manifest, order, direction)
        step(progress)
      }
    }
    try measurePrefixes(manifest)
    step(progress)
    try measureTransitions(manifest, store)
    step(progress)
    let memory = Machine.ownMemory("RssAnon")
    if let memory {
      add("anonymous memory of the process", .bytes, Double(memory), .value(300e6))
    }
    step(progress)
    try manifesting { () throws(ManifestError) in try manifest.close() }
    try storing { () throws(StoreError) in try store.close() }
    return BenchReport(
      bench: "manifest", time: wall.now(), machine: machine, rounds: 1, figures: figures,
      notes: [
        "\(options.files) files, \(options.pages) pages of 200 rows behind places chosen at random",
        "one event a file in the log, which took \(Int(logSeconds)) s to make",
        "the process holds the writing event store as well; mapped pages are not anonymous",
      ])
  }

  private func step(_ progress: (Int) -> Void) {
    done += 1
    progress(done)
  }

  private func add(_ name: String, _ quantity: Quantity, _ value: Double, _ bar: Bar? = nil) {
    figures.append(Figure(name: name, quantity: quantity, runs: Runs([value]), bar: bar))
  }

  private func seconds<Failure: Error>(
    _ body: () throws(Failure) -> Void
  ) throws(Failure) -> Double {
    let begun = clock.now()
    try body()
    return (clock.now() - begun).inSeconds
  }

  // MARK: - The depot

  private func begun(_ number: Int) -> FileEvent {
    switch number % 20 {
    case 0: FileEvent(BenchDepot.path(number), .written(BenchDepot.hot(number), .found))
    case 1..<8:
      FileEvent(
        BenchDepot.path(number), .adopted(BenchDepot.stored(number), hot: BenchDepot.hot(number)))
    default: FileEvent(BenchDepot.path(number), .adopted(BenchDepot.stored(number), hot: nil))
    }
  }

  private func fill(_ store: EventStore) throws(BenchFailure) {
    try BenchDepot.append(options.files, to: store) { number in begun(number) }
    // Some that wait for their next attempt, for the order of deadlines to have rows.
    let waiting = max(1, options.files / 400)
    try BenchDepot.append(waiting, to: store) { index in
      FileEvent(
        BenchDepot.path(index * 20 % options.files),
        .deferred(
          attempts: 1, until: WallTime(seconds: 1_800_000_000 + Int64(index % 1_000)),
          fault: "no route to the store"))
    }
  }

  // MARK: - Figures

  private var inline: ManifestOptions { ManifestOptions(applying: .inline) }

  private func measureBuild(
    _ store: EventStore, _ place: ManifestPlace
  ) throws(BenchFailure) {
    let taken = try seconds { () throws(BenchFailure) in
      try manifesting { () throws(ManifestError) in
        let manifest = try Manifest.open(place, log: store.reader, inline)
        while try manifest.applyPending() {}
        try manifest.close()
      }
    }
    add("files built from the log", .perSecond, Double(options.files) / taken, .value(60_000))
  }

  private func measureOpening(
    _ store: EventStore, _ place: ManifestPlace
  ) throws(BenchFailure) -> Manifest {
    let begun = clock.now()
    let manifest = try manifesting { () throws(ManifestError) in
      let manifest = try Manifest.open(place, log: store.reader, inline)
      _ = try manifest.row(at: BenchDepot.path(options.files / 2))
      return manifest
    }
    add("opening, to the first row", .seconds, (clock.now() - begun).inSeconds, .value(1))
    return manifest
  }

  private func measureCounts(_ manifest: Manifest) throws(BenchFailure) {
    var files: Int64 = 0
    let taken = Stopwatch(clock).seconds { files = manifest.counts().total.files }
    guard files == Int64(options.files) else {
      throw BenchFailure("the manifest counts \(files) files of \(options.files)")
    }
    add("counts and bytes by state", .seconds, taken, .value(0.001))
  }

  private func percentile(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted[min(sorted.count - 1, sorted.count * 99 / 100)]
  }

  private func measurePages(
    _ manifest: Manifest, _ order: RowOrder, _ direction: RowDirection
  ) throws(BenchFailure) {
    var times: [Double] = []
    let query = RowQuery(order, direction, limit: 200)
    for _ in 0..<options.pages {
      let place = try manifesting { () throws(ManifestError) in
        // Only some files wait for a deadline.
        let number = random.below(options.files)
        return try manifest.place(
          of: BenchDepot.path(order == .retry ? number / 20 * 20 : number), in: order)
      }
      var rows = 0
      times.append(
        try seconds { () throws(BenchFailure) in
          rows = try manifesting { () throws(ManifestError) in
            try manifest.page(query, after: place).rows.count
          }
        })
      guard rows > 0 || order == .retry else { continue }
    }
    let way = direction == .ascending ? "up" : "down"
    add("page by \(order.rawValue), \(way), p99", .seconds, percentile(times), .value(0.005))
  }

  private func measurePrefixes(_ manifest: Manifest) throws(BenchFailure) {
    var times: [Double] = []
    for _ in 0..<options.pages {
      let prefix = BenchDepot.path(random.below(options.files)).parent.parent.bytes
      times.append(
        try seconds { () throws(BenchFailure) in
          _ = try manifesting { () throws(ManifestError) in
            try manifest.page(RowQuery(.path, prefix: prefix, limit: 200))
          }
        })
    }
    add("page of a prefix, p99", .seconds, percentile(times), .value(0.005))
  }

  private func measureTransitions(
    _ manifest: Manifest, _ store: EventStore
  ) throws(BenchFailure) {
    let files = (0..<options.transitions / 2).map { _ in random.below(options.files) }
    try BenchDepot.append(options.transitions, to: store) { index in
      let number = files[index / 2 % files.count]
      return index % 2 == 0
        ? FileEvent(BenchDepot.path(number), .written(BenchDepot.hot(number), .closed))
        : FileEvent(BenchDepot.path(number), .confirmed(BenchDepot.hot(number)))
    }
    let taken = try seconds { () throws(BenchFailure) in
      try manifesting { () throws(ManifestError) in
        while try manifest.applyPending() {}
      }
    }
    add(
      "transitions applied in batches, random files", .perSecond,
      Double(options.transitions) / taken, .value(8_000))
  }
}
