// `larder bench console`: the console on its terminal beside htop and btop, by what a person and a line
// notice. The real executable runs on a depot of many files, on a terminal that the bench plays; the
// peers run on terminals of the same size in the same rounds. Where the console and its engine are one
// process, what counts as the console's is the first thread, its loaders, and the thread that makes
// snapshots for it.

package import Ambient
package import Terminal

/// A part of the console's table.
package enum ConsoleRow: String, CaseIterable, Sendable {
  /// Start, rest and end.
  case standing
  /// Many files, and a filter on them.
  case rows
  /// Beside an engine that has work.
  case busy
  case peers
}

/// What is measured, and how much of it.
package struct ConsoleBenchOptions: Sendable {
  /// Below which the depot lies while it is measured.
  package var directory = "."
  package var files = 1_000_000
  package var rounds = 3
  package var rows = Set(ConsoleRow.allCases)
  package var size = GridSize(rows: 50, columns: 200)

  package init() {}
}

/// The figures of the console.
package final class ConsoleBench {
  /// How long what is sent and taken is counted.
  private static let window = Duration.seconds(8)
  /// How long a program comes to rest before it is counted.
  private static let rest = Duration.seconds(3)
  private static let keys = 100
  private static let slowBytesPerSecond = 8_192
  /// What is typed as a filter, letter by letter.
  private static let filter = "size>1k file-12"

  private let options: ConsoleBenchOptions
  private let directory: BenchDirectory
  private let clock: MonotonicClock
  private var ours: [ConsoleFigure: [Double]] = [:]
  private var theirs: [ConsoleFigure: [String: [Double]]] = [:]
  private var missing: [String: RivalMissing] = [:]
  private var done = 0

  package init(_ options: ConsoleBenchOptions, clock: MonotonicClock) throws(BenchFailure) {
    self.options = options
    self.clock = clock
    directory = try BenchDirectory(below: options.directory)
  }

  /// How many measurements it takes: the depot, the engine alone, and each row a round.
  package var measurements: Int {
    2 + options.rounds
      * (options.rows.count + (options.rows.contains(.peers) ? ScreenPeer.all.count - 1 : 0))
  }

  /// Removes what was made.
  package func end() throws(BenchFailure) { try directory.remove() }

  package func report(
    wall: WallClock, progress: (_ done: Int) -> Void
  ) throws(BenchFailure) -> BenchReport {
    let machine = Machine.current()
    let depot = try ConsoleBenchDepot(options.files, in: directory)
    step(progress)
    let alone = options.rows.contains(.rows) ? try engineAlone(depot) : 0
    step(progress)
    for _ in 0..<options.rounds {
      for row in ConsoleRow.allCases where options.rows.contains(row) {
        switch row {
        case .standing: try measureStanding(depot)
        case .rows: try measureRows(depot, alone)
        case .busy: try measureBusy(depot)
        case .peers:
          for peer in ScreenPeer.all {
            try measure(peer)
            step(progress)
          }
        }
        if row != .peers { step(progress) }
      }
    }
    return BenchReport(
      bench: "console", time: wall.now(), machine: machine, rounds: options.rounds,
      figures: figures, notes: notes(depot))
  }

  private func notes(_ depot: ConsoleBenchDepot) -> [String] {
    [
      "\(depot.files) files, a terminal of \(options.size), refreshed each second at most",
      "busy: \(1_000 / (ConsoleBenchDepot.loadPause.wholeMicroseconds / 1_000)) files of "
        + "\(ConsoleBenchDepot.loadBytes) bytes are written and stored a second",
      "the peers show this machine as it is, and are at rest as they are at work",
      "a slow line takes \(Self.slowBytesPerSecond) bytes a second",
    ]
  }

  private func step(_ progress: (Int) -> Void) {
    done += 1
    progress(done)
  }

  // MARK: - Figures

  private func note(_ figure: ConsoleFigure, _ value: Double) {
    ours[figure, default: []].append(value)
  }

  private func note(_ figure: ConsoleFigure, _ value: Double, of peer: ScreenPeer) {
    theirs[figure, default: [:]][peer.name, default: []].append(value)
  }

  /// Each figure beside each peer that has it.
  private var figures: [Figure] {
    ConsoleFigure.allCases.flatMap { figure -> [Figure] in
      guard let values = ours[figure] else { return [] }
      let name = figure == .firstRows ? "first rows of \(options.files) files" : figure.rawValue
      let rivals = ScreenPeer.all.compactMap { peer -> Rival? in
        if let values = theirs[figure]?[peer.name] {
          return Rival(name: peer.name, result: .measured(Runs(values)))
        }
        guard figure.hasPeers else { return nil }
        return missing[peer.name].map { Rival(name: peer.name, result: .missing($0.reason)) }
      }
      return (rivals.isEmpty ? [nil] : rivals.map { $0 }).map { (rival: Rival?) in
        Figure(
          name: name, quantity: figure.quantity, runs: Runs(values), rival: rival,
          bar: .value(figure.bar))
      }
    }
  }

  // MARK: - Ours

  /// This executable, as another process.
  private static var executable: String { "/proc/\(ThisProcess.id)/exe" }

  private func larder(
    _ words: [String], _ depot: ConsoleBenchDepot
  ) throws(BenchFailure) -> ScreenProgram {
    do throws(RivalMissing) {
      return try ScreenProgram(
        "larder", [Self.executable] + words + ["--config", depot.configuration], [:],
        options.size, clock)
    } catch {
      throw BenchFailure(error.reason)
    }
  }

  /// What the engine's process has in memory where nobody looks.
  private func engineAlone(_ depot: ConsoleBenchDepot) throws(BenchFailure) -> Int64 {
    var engine = try larder(["run"], depot)
    engine.run(for: Self.rest)
    guard let memory = ProcessFigures.ownMemory(of: engine.process) else {
      throw BenchFailure("the engine ended by itself")
    }
    try engine.terminate()
    return memory
  }

  private static func isConsoles(_ name: String, _ isFirst: Bool) -> Bool {
    isFirst || name == "news" || name == "pulse" || name.hasPrefix("console-")
  }

  private func measureStanding(_ depot: ConsoleBenchDepot) throws(BenchFailure) {
    var console = try larder(["console"], depot)
    let first = try console.firstPicture()
    note(.firstPicture, first.seconds)
    note(.firstBytes, Double(first.bytes))
    console.run(for: Self.rest)
    let taken = try window(&console, Self.isConsoles)
    note(.idleTraffic, taken.bytes)
    note(.idleWakes, taken.wakes)
    note(.quit, try console.quit("qs"))
  }

  private func measureRows(
    _ depot: ConsoleBenchDepot, _ alone: Int64
  ) throws(BenchFailure) {
    var console = try larder(["console"], depot)
    _ = try console.firstPicture()
    let asked = clock.now()
    console.type("2")
    guard let shown = console.waitFor("file-") else {
      throw BenchFailure("the files are not shown")
    }
    note(.firstRows, (shown - asked).inSeconds)
    console.settle()
    console.type("f")
    console.settle()
    var slowest = 0.0
    for letter in Self.filter { slowest = max(slowest, try console.answer(to: String(letter))) }
    note(.filterKeystroke, slowest)
    console.settle()
    if let memory = ProcessFigures.ownMemory(of: console.process) {
      note(.memory, Double(max(0, memory - alone)))
    }
    console.type("\u{1B}")
    console.settle()
    _ = try console.quit("qs")
  }

  private func measureBusy(_ depot: ConsoleBenchDepot) throws(BenchFailure) {
    let end = Cancellation()
    let load = depot.load(until: end)
    let outcome: Result<Void, BenchFailure>
    do throws(BenchFailure) {
      try measureAtWork(depot)
      outcome = .success(())
    } catch {
      outcome = .failure(error)
    }
    end.cancel()
    load.join()
    try outcome.get()
  }

  private func measureAtWork(_ depot: ConsoleBenchDepot) throws(BenchFailure) {
    var console = try larder(["console"], depot)
    console.run(for: Self.rest)
    let overview = try window(&console, Self.isConsoles)
    note(.busyOverview, overview.bytes)
    note(.busyProcessor, overview.share)
    console.type("2")
    console.run(for: Self.rest)
    note(.busyFiles, try window(&console, Self.isConsoles).bytes)
    let times = try keys(&console, "j", "k")
    note(.keyMedian, times.percentile(50))
    note(.keyWorst, times.percentile(99))
    console.type("1")
    console.bytesPerSecond = Self.slowBytesPerSecond
    console.run(for: Self.rest)
    note(.quitSlowly, try console.quit("qs"))
  }

  // MARK: - Theirs

  private func measure(_ peer: ScreenPeer) throws(BenchFailure) {
    guard missing[peer.name] == nil else { return }
    do throws(RivalMissing) {
      try measureOnFastLine(peer)
      try measureOnSlowLine(peer)
    } catch {
      missing[peer.name] = error
    }
  }

  private func home(of peer: ScreenPeer) throws(RivalMissing) -> String {
    do throws(BenchFailure) {
      let (disk, path) = try directory.freshDisk()
      try peer.prepare(disk)
      return path
    } catch {
      throw RivalMissing(error.reason)
    }
  }

  private func start(_ peer: ScreenPeer) throws(RivalMissing) -> ScreenProgram {
    try ScreenProgram(
      peer.name, peer.words, peer.variables(try home(of: peer)), options.size, clock)
  }

  private func measureOnFastLine(_ peer: ScreenPeer) throws(RivalMissing) {
    var program = try start(peer)
    do throws(BenchFailure) {
      let first = try program.firstPicture()
      note(.firstPicture, first.seconds, of: peer)
      note(.firstBytes, Double(first.bytes), of: peer)
      program.run(for: Self.rest)
      let taken = try window(&program) { _, _ in true }
      for figure in [ConsoleFigure.idleTraffic, .busyOverview, .busyFiles] {
        note(figure, taken.bytes, of: peer)
      }
      note(.idleWakes, taken.wakes, of: peer)
      note(.busyProcessor, taken.share, of: peer)
      let times = try keys(&program, peer.down, peer.up)
      note(.keyMedian, times.percentile(50), of: peer)
      note(.keyWorst, times.percentile(99), of: peer)
      if let memory = ProcessFigures.ownMemory(of: program.process) {
        note(.memory, Double(memory), of: peer)
      }
      note(.quit, try program.quit("q"), of: peer)
    } catch {
      throw RivalMissing(error.reason)
    }
  }

  private func measureOnSlowLine(_ peer: ScreenPeer) throws(RivalMissing) {
    var program = try start(peer)
    program.bytesPerSecond = Self.slowBytesPerSecond
    program.run(for: Self.rest)
    do throws(BenchFailure) {
      note(.quitSlowly, try program.quit("q"), of: peer)
    } catch {
      throw RivalMissing(error.reason)
    }
  }

  // MARK: - Measuring

  /// What a program sends and takes a second.
  private func window(
    _ program: inout ScreenProgram, _ isCounted: (String, Bool) -> Bool
  ) throws(BenchFailure) -> (bytes: Double, wakes: Double, share: Double) {
    let (bytes, began) = (program.bytes, clock.now())
    let before = try ProcessFigures(of: program.process, isCounted)
    program.run(for: Self.window)
    let after = try ProcessFigures(of: program.process, isCounted)
    let seconds = (clock.now() - began).inSeconds
    let nanoseconds = after.processorNanoseconds - before.processorNanoseconds
    return (
      Double(program.bytes - bytes) / seconds, Double(after.wakes - before.wakes) / seconds,
      Double(nanoseconds) / 1e9 / seconds
    )
  }

  /// How soon two keys that take each other back are answered, in turns.
  private func keys(
    _ program: inout ScreenProgram, _ one: String, _ other: String
  ) throws(BenchFailure) -> [Double] {
    var times: [Double] = []
    for number in 0..<Self.keys {
      times.append(try program.answer(to: number % 2 == 0 ? one : other))
      program.run(for: .milliseconds(20))
    }
    return times
  }
}

extension [Double] {
  /// The value that so many of a hundred do not exceed.
  fileprivate func percentile(_ wanted: Int) -> Double {
    let sorted = sorted()
    return sorted[Swift.min(sorted.count - 1, sorted.count * wanted / 100)]
  }
}
