// The panes of the overview, each drawn from the snapshot alone.

internal import Ambient
internal import Terminal
internal import Triage
internal import Views
internal import Widgets

/// What stands in the panes of the overview.
struct OverviewPanes {
  private let snapshot: EngineSnapshot
  private let brush: Brush
  private let figures: Figures
  private let now: WallTime
  private let rowsOfAll: Int
  /// Whether there is nothing that the snapshot does not count.
  private let isSure: Bool
  private let past: [PastCondition]

  init(_ snapshot: EngineSnapshot, _ context: ScreenContext) {
    self.snapshot = snapshot
    brush = context.brush
    figures = Figures(context.brush)
    now = max(snapshot.taken, context.now)
    rowsOfAll = context.size.rows
    isSure = context.unseen == nil
    past = context.past.over(besides: context.conditions)
  }

  /// How tall the lines of rates are.
  private var chartRows: Int {
    switch rowsOfAll {
    case ..<20: 1
    case ..<30: 2
    case ..<40: 4
    case ..<46: 6
    default: 9
    }
  }

  /// Whether there is room to be filled: then the charts take it.
  private var isTall: Bool { rowsOfAll >= 40 }

  private func bytes(_ count: ByteCount?) -> String { figures.bytes(count).trimmed }
  private func time(_ duration: Duration?) -> String { figures.duration(duration).trimmed }

  // MARK: - Cache

  /// Where the ceiling stands in the gauge, so that what is above it is seen too.
  private static let ceilingShare = 0.9

  var cache: Pane {
    let (fill, brush) = (snapshot.cache, brush)
    let share = Self.share(fill.used, of: fill.ceiling)
    let gauge = Gauge(
      share.map { $0 * Self.ceilingShare },
      low: Self.share(fill.lowWatermark, of: fill.ceiling).map { $0 * Self.ceilingShare },
      high: Self.ceilingShare, figure: figures.share(share))
    var facts = Facts()
    facts.add(
      "in use", [Words(bytes(fill.used), .strong), Words(" of "), Words(bytes(fill.ceiling))],
      tail: [Words(", evicts down to \(bytes(fill.lowWatermark))", .dim)])
    facts.add(
      "evictable", [Words(bytes(fill.evictable))], tail: [Words(" can go when it must", .dim)])
    facts.add("disk free", [Words(bytes(fill.diskFree))])
    facts.add(
      "evicted", [Words(counted(fill.evictedFiles))],
      tail: [Words(", \(ByteCount(fill.evictedBytes)) since the start", .dim)],
      isImportant: false)
    if let since = fill.aboveSince {
      facts.add("above", [Words("the ceiling for \(time(now - since))", .warning)])
    }
    let lines = facts
    return Pane(
      "Cache", rows: Share(minimum: 2, ideal: facts.lines.count + 1, priority: 10)
    ) { surface, region in
      let (bar, rest) = region.split(top: 1)
      gauge.draw(into: &surface, bar, brush)
      lines.draw(into: &surface, rest, brush)
    }
  }

  private static func share(_ part: ByteCount, of all: ByteCount) -> Double? {
    all.bytes > 0 ? Double(part.bytes) / Double(all.bytes) : nil
  }

  // MARK: - Files

  var files: Pane {
    let counts = snapshot.files
    var rows: [(StateSign, Tally)] = [
      (.dirty, counts.dirty), (.failed, counts.failed), (.hot, counts.hot), (.cold, counts.cold),
    ]
    if counts.pinned.files > 0 { rows.append((.pinned, counts.pinned)) }
    if counts.shredded.files > 0 { rows.append((.shredded, counts.shredded)) }
    let most = max(1, rows.map(\.1.bytes).max() ?? 1)
    let (brush, figures) = (brush, figures)
    let shown = rows
    return Pane(
      "Files", note: [Words("\(counted(counts.all.files)), \(ByteCount(counts.all.bytes))", .dim)],
      rows: Share(minimum: 4, ideal: rows.count, priority: 9)
    ) { surface, region in
      for (row, (sign, tally)) in shown.prefix(region.rows).enumerated() {
        let line = region.line(row)
        let isNone = tally.files == 0
        let words = [
          Words("\(sign.glyph(brush.glyphs)) \(sign.letter) ", isNone ? .dim : sign.role),
          Words(padded(sign.word, columns: 9), isNone ? .dim : sign.role),
          Words(figures.count(Int(clamping: tally.files)), isNone ? .dim : .text),
          Words("  " + figures.bytes(ByteCount(tally.bytes)), isNone ? .dim : .text),
        ]
        let end = surface.draw(words, in: line, brush: brush)
        let bar = line.split(left: end - line.column + 1).rest
        guard brush.drawsCharts, bar.columns >= 4, tally.bytes > 0 else { continue }
        let parts = brush.glyphs.bar
        let steps = max(
          1, Int(Double(tally.bytes) / Double(most) * Double(bar.columns * parts.count)))
        let (whole, part) = (steps / parts.count, steps % parts.count)
        surface.fill(bar.split(left: whole).left, Style(sign.role), with: parts[parts.count - 1])
        if part > 0 {
          let next = bar.split(left: whole).rest.split(left: 1).left
          surface.fill(next, Style(sign.role), with: parts[part - 1])
        }
      }
    }
  }

  // MARK: - Uploads

  var uploads: Pane {
    let uploads = snapshot.uploads
    var facts = Facts()
    facts.add("in flight", [inFlight(uploads.inFlight.count, .stateUploading)])
    facts.add("queued", tally(uploads.queued))
    facts.add(
      "retrying", tally(uploads.waiting, role: uploads.waiting.files > 0 ? .warning : .text))
    let atRisk = snapshot.files.atRisk.files
    facts.add(
      "oldest",
      atRisk == 0
        ? [Words(isSure ? "everything is stored" : "none is known yet", .dim)]
        : [
          Words(padded(time(uploads.oldest.map { now - $0 }), columns: 10)),
          Words("drained in ", .label), Words(figures.drain(uploads.drain)),
        ])
    if let hold = uploads.hold {
      facts.add("held by", [Words("\(hold.holder): \(hold.reason)", .warning)])
    }
    facts.add(
      "stored",
      [Words(counted(uploads.stored))],
      tail: [Words(", \(ByteCount(uploads.storedBytes)) since the start", .dim)],
      isImportant: false)
    return ratePane(
      "Uploads", facts, uploads.rate, .chart1, priority: 8)
  }

  private func inFlight(_ count: Int, _ role: Role) -> Words {
    Words(Figures.grouped(count), count == 0 ? .dim : role)
  }

  private func tally(_ tally: Tally, role: Role = .text) -> [Words] {
    [
      Words(
        padded(Figures.grouped(Int(clamping: tally.files)), columns: 10),
        tally.files == 0 ? .dim : role),
      Words(bytes(ByteCount(tally.bytes)), .dim),
    ]
  }

  // MARK: - Restores

  var restores: Pane {
    let restores = snapshot.restores
    var facts = Facts()
    let queued = restores.queued > 0 ? ", \(Figures.grouped(restores.queued)) queued" : ""
    facts.add(
      "in flight",
      [inFlight(restores.inFlight.count, .stateRestoring), Words(queued, .dim)])
    facts.add("hits", latency(restores.hits))
    facts.add("misses", latency(restores.misses))
    facts.add(
      "restored",
      [
        Words(counted(restores.restored)),
        Words(", \(ByteCount(restores.restoredBytes))", .dim),
        Words(
          restores.failed > 0 ? ", \(Figures.grouped(Int(clamping: restores.failed))) failed" : "",
          .bad),
      ], isImportant: false)
    return ratePane("Restores", facts, restores.rate, .chart3, priority: 7)
  }

  private func latency(_ latency: LatencyView?) -> [Words] {
    [
      Words("p50 ", .label), Words(figures.duration(latency?.p50)), Words("  p99 ", .label),
      Words(figures.duration(latency?.p99)),
    ]
  }

  /// Facts below a rate with its sparkline; what rows are left over make the line taller.
  private func ratePane(
    _ title: String, _ facts: Facts, _ rate: RateView, _ role: Role, priority: Int
  ) -> Pane {
    let (brush, figures, chartRows) = (brush, figures, chartRows)
    let newest = rate.bytesPerSecond.last.map { ByteCount($0) }
    return Pane(
      title,
      rows: Share(minimum: 3, ideal: facts.lines.count + chartRows, priority: priority)
    ) { surface, region in
      let rows = max(1, min(chartRows, region.rows - facts.lines.count))
      let (top, rest) = region.split(top: rows)
      let head = top.line(0)
      let (name, figure) = head.split(left: 10)
      surface.draw(Words("rate", .label), in: name, brush: brush)
      surface.draw(Words(figures.rate(newest).trimmed, .strong), in: figure, brush: brush)
      let chart = top.split(left: 10 + Figures.rateColumns + 2).rest
      Sparkline(rate.bytesPerSecond.map { Double($0) }, role: role)
        .draw(into: &surface, chart, brush)
      facts.draw(into: &surface, rest, brush)
    }
  }

  // MARK: - Under way

  /// What is moving now, the oldest first, each with a bar.
  var moving: Pane {
    let (brush, figures) = (brush, figures)
    let moves =
      snapshot.uploads.inFlight.map { (StateSign.uploading, $0) }
      + snapshot.restores.inFlight.map { (StateSign.restoring, $0) }
    let most = min(max(1, moves.count), 12)
    return Pane(
      "Under way", rows: Share(minimum: 1, ideal: most, priority: 4)
    ) { surface, region in
      if moves.isEmpty {
        surface.draw(Words("nothing is being moved", .dim), in: region, brush: brush)
      }
      for (row, (sign, move)) in moves.prefix(region.rows).enumerated() {
        let places = region.line(row).columns(
          [
            Share(minimum: 1, ideal: 1, priority: 4),
            Share(minimum: 8, ideal: 24, weight: 1, priority: 3),
            Share(minimum: 12, ideal: 20, priority: 2),
            Share(minimum: 8, ideal: 8, priority: 1),
          ], gap: 1)
        let share = move.bytes > 0 ? Double(move.bytesDone) / Double(move.bytes) : nil
        let name = Words(shown(move.path, in: brush.glyphs.alphabet))
        if let place = places[0] {
          surface.draw(Words(sign.glyph(brush.glyphs), sign.role), in: place, brush: brush)
        }
        if let place = places[1] { surface.draw(name, in: place, cut: .middle, brush: brush) }
        if let place = places[2] {
          Gauge(share, figure: figures.share(share)).draw(into: &surface, place, brush)
        }
        if let place = places[3] {
          surface.draw(
            Words(figures.bytes(ByteCount(move.bytes)), .dim), in: place, right: true, brush: brush)
        }
      }
    }
  }

  // MARK: - What was

  /// Whether there is anything to say of what was.
  var knowsPast: Bool { !past.isEmpty }

  /// What was wrong and is over, the newest first.
  var lately: Pane {
    let (brush, figures, past, now, time) = (brush, figures, past, now, time)
    return Pane(
      "Lately", rows: Share(minimum: 1, ideal: max(1, past.count), priority: 1)
    ) { surface, region in
      for (row, past) in past.prefix(region.rows).enumerated() {
        let lasted = figures.duration(past.ended - past.condition.since).trimmed
        let age = max(.zero, now - past.ended)
        let ended = age < .seconds(1) ? "just now" : "\(time(age)) ago"
        let often = past.times > 1 ? ", \(Figures.grouped(past.times)) times" : ""
        let diagnosis = past.condition.diagnosis
        let words = [
          Words(padded(ended, columns: 11, right: true) + " ", .label),
          Words("\(brush.glyphs.check) ", .good), Words(diagnosis.title),
          Words("  lasted \(lasted)\(often)", .dim),
        ]
        let columns = words.reduce(0) { $0 + $1.columns }
        let why = Words("  \(diagnosis.cause)", .dim)
        let fits = columns + why.columns <= region.columns
        surface.draw(fits ? words + [why] : words, in: region.line(row), brush: brush)
      }
    }
  }

  /// The rows of the histogram of waits, however many steps they lie in, so that nothing jumps.
  private static let waitsRows = 8

  /// How long readers waited, where there is room to see how their waits lie.
  var waitsWhenTall: [Pane] {
    guard isTall else { return [] }
    let brush = brush
    let histogram = LatencyHistogram(
      snapshot.restores.hits, snapshot.restores.misses, roles: (first: .chart2, second: .chart3))
    return [
      Pane(
        "How long readers wait",
        note: [Words("hits", .chart2), Words(" and ", .dim), Words("misses", .chart3)],
        rows: Share(minimum: 4, ideal: Self.waitsRows, priority: 3)
      ) { surface, region in histogram.draw(into: &surface, region, brush) }
    ]
  }

  // MARK: - What it stands on

  var backends: Pane {
    let (brush, backends) = (brush, snapshot.backends)
    let widest = min(14, backends.map { columnCount(of: $0.name) }.max() ?? 0)
    let lines = backends.map { backend -> [Words] in
      let (sign, role, word) = health(backend.state)
      let trouble = backend.state.trouble.map { " for \(time(now - $0.since))" } ?? ""
      return [
        Words("\(sign) ", role),
        Words(padded(backend.name, columns: widest, ellipsis: brush.ellipsis) + "  ", .strong),
        Words(word + trouble, role),
        Words(backend.latency.map { "  p50 \(time($0.p50))  p99 \(time($0.p99))" } ?? ""),
        Words(
          backend.failures > 0
            ? "  \(Figures.grouped(Int(clamping: backend.failures))) of "
              + "\(Figures.grouped(Int(clamping: backend.calls))) failed"
            : "  \(counted(backend.calls, "call"))", .dim),
      ]
    }
    return Pane(
      "Backends", rows: Share(minimum: 1, ideal: max(1, lines.count), priority: 6)
    ) { surface, region in
      if lines.isEmpty {
        surface.draw(Words("none is known yet", .dim), in: region, brush: brush)
      }
      for (row, line) in lines.prefix(region.rows).enumerated() {
        var line = line
        // What is not whole is left out: a figure that was cut would be another figure.
        while line.count > 3, line.reduce(0, { $0 + $1.columns }) > region.columns {
          line.removeLast()
        }
        surface.draw(line, in: region.line(row), brush: brush)
      }
    }
  }

  private func health(_ state: BackendState) -> (String, Role, String) {
    let glyphs = brush.glyphs
    return switch state {
    case .unknown: (String(glyphs.unknown), .unknown, "not asked yet")
    case .up: (String(glyphs.check), .good, "up")
    case .down: (String(glyphs.failure), .bad, "down")
    case .refusing: (String(glyphs.failure), .bad, "refuses us")
    }
  }

  var engine: Pane {
    let glyphs = brush.glyphs
    func sign(_ isGood: Bool) -> Words {
      Words("\(isGood ? glyphs.check : glyphs.warning) ", isGood ? .good : .warning)
    }
    var facts = Facts()
    facts.nameColumns = 11
    let store = snapshot.eventStore
    facts.add(
      "events",
      store.latch.map { latch in
        [Words("\(glyphs.failure) ", .bad), Words("takes nothing: \(latch.reason)", .bad)]
      } ?? [sign(true), Words("\(Figures.grouped(Int(clamping: store.visible))) kept")])
    let manifest = snapshot.manifest
    if let rebuild = manifest.rebuild {
      let share = rebuild.all > 0 ? Double(rebuild.done) / Double(rebuild.all) : nil
      facts.add("manifest", [sign(false), Words("rebuilding, \(figures.share(share).trimmed)")])
    } else {
      let lag = manifest.lag
      facts.add(
        "manifest",
        [
          sign(true),
          Words(lag == 0 ? "up to date" : "\(counted(lag, "event")) behind", .text),
          Words(manifest.oddities > 0 ? ", \(manifest.oddities) oddities" : "", .warning),
        ])
    }
    let watcher = snapshot.watcher
    facts.add(
      "watcher",
      [
        sign(watcher.mechanism != nil && watcher.degraded == nil),
        Words(watcher.mechanism ?? "nobody watches"),
        Words(watcher.isRescanning ? ", rescanning" : "", .warning),
        Words(watcher.overflows > 0 ? ", \(counted(watcher.overflows, "overflow"))" : "", .dim),
      ])
    let count = max(snapshot.findingsCount, snapshot.findings.count)
    facts.add(
      "integrity",
      count == 0
        ? [sign(true), Words("no damage found")]
        : [Words("\(glyphs.failure) ", .bad), Words("\(counted(UInt64(count), "finding"))", .bad)])
    facts.add(
      "running", [Words(time(now - snapshot.started)), Words(" since its start", .dim)],
      isImportant: false)
    let lines = facts
    let brush = brush
    return Pane(
      "Engine", rows: Share(minimum: 2, ideal: facts.lines.count, priority: 5)
    ) { surface, region in lines.draw(into: &surface, region, brush) }
  }
}

extension BackendState {
  fileprivate var trouble: Trouble? {
    switch self {
    case .unknown, .up: nil
    case .down(let trouble), .refusing(let trouble): trouble
    }
  }
}
