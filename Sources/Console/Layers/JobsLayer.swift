// The jobs, the newest first: what each does, how far it is, and its pause, resume and cancel.

internal import Ambient
internal import Bytes
internal import Operations
internal import Terminal
internal import Widgets

/// The list of jobs.
struct JobsLayer: Screen {
  /// The most jobs that are listed.
  static let listedMax = 200

  private var jobs: [JobView] = []
  private var cursor = ListCursor<String>()
  private var fault: String?
  private var isLoaded = false

  mutating func handle(_ event: ScreenEvent, _ context: ScreenContext) -> [ScreenRequest] {
    switch event {
    case .entered, .news, .command(.refresh):
      return [
        .load(
          slot: "jobs", operation: "jobs.page", input: ["limit": JSONValue(Self.listedMax)])
      ]
    case .answer(_, .success(let answer)):
      (jobs, fault, isLoaded) = (JobView.all(in: answer.output), nil, true)
      follow(context)
      return []
    case .answer(_, .failure(let refusal)):
      (fault, isLoaded) = (refusal.sentence, true)
      return []
    case .resized:
      follow(context)
      return []
    case .command(let name): return take(name, context)
    default: return []
    }
  }

  private func rows(_ context: ScreenContext) -> Int { max(1, context.size.rows - 4) }

  private mutating func follow(_ context: ScreenContext) {
    cursor.follow(
      count: jobs.count, rows: rows(context),
      place: { id in jobs.firstIndex { $0.job == id } }, identity: { jobs[$0].job })
  }

  private mutating func take(_ name: CommandName, _ context: ScreenContext) -> [ScreenRequest] {
    if let place = name.place(from: cursor.index, rows: rows(context), of: jobs.count) {
      cursor.go(to: place, rows: rows(context), of: jobs.count) { jobs[$0].job }
      return []
    }
    guard let job = jobs.first(where: { $0.job == cursor.selected }) else {
      return [.say(.refused("there is no job here"))]
    }
    switch name {
    case .copy: return [.copy(job.job), .say(.good("copied \(job.job)"))]
    case .open: return [.open(JobMenu(job))]
    default: return [.say(.refused("Enter says more and steers it, Esc closes"))]
    }
  }

  func hints(_ context: ScreenContext) -> [KeyHint] {
    [KeyHint("Enter", "steer"), KeyHint("y", "copy id"), KeyHint("Esc", "close")]
  }

  func draw(into surface: inout Surface, _ region: Region, _ context: ScreenContext) {
    let box = region.centred(
      rows: min(region.rows, max(jobs.count + 3, 5)), columns: min(region.columns, 110))
    surface.fill(box, Style(.text, on: .popup))
    let border = Border([Words("Jobs", .popupTitle)], isFocused: true, on: .popup)
    let inner = border.draw(into: &surface, box, context.brush).inset(columns: 1)
    let figures = Figures(context.brush)
    let seen = cursor.visible(rows: Table.rowsSeen(in: inner), of: jobs.count)
    let rows = jobs[seen].map { job in
      let share = job.items > 0 ? Double(job.settled) / Double(job.items) : nil
      let trouble = job.counts.filter {
        ["changed", "refused", "failed"].contains($0.name) && $0.count > 0
      }
      return TableRow([
        Words(job.operation, .strong),
        job.stalled == nil
          ? Words(job.phase, job.isClosed ? .dim : .accent) : Words("stalled", .bad),
        Words(figures.share(share)),
        Words("\(Figures.grouped(job.settled)) of \(Figures.grouped(job.items))"),
        Words(figures.bytes(ByteCount(job.bytesDone))),
        Words(trouble.map { "\($0.count) \($0.name)" }.joined(separator: ", "), .warning),
        Words(job.by, .dim),
      ])
    }
    Table(
      [
        TableColumn("Operation", Share(minimum: 10, ideal: 18, priority: 9)),
        TableColumn("Phase", Share(minimum: 8, ideal: 10, priority: 8)),
        TableColumn("Done", Share(minimum: 5, ideal: 5, priority: 7), isRight: true),
        TableColumn("Items", Share(minimum: 10, ideal: 18, priority: 6), isRight: true),
        TableColumn("Bytes", Share(minimum: 8, ideal: 8, priority: 4), isRight: true),
        TableColumn("Not done", Share(minimum: 8, ideal: 20, weight: 1, priority: 5)),
        TableColumn("By", Share(minimum: 6, ideal: 12, priority: 3)),
      ], rows, top: seen.lowerBound, count: jobs.count, cursor: cursor.index,
      whenEmpty: fault ?? (isLoaded ? "there was no job yet" : "asking")
    ).draw(into: &surface, inner, context.brush)
    surface.restyle(inner) { style in
      if style.ground == .text { style.ground = .popup }
    }
  }
}
