// One job: what became of its items, and what can be wished of it.

internal import Ambient
internal import Bytes
internal import Terminal
internal import Widgets

/// The wishes for a job.
struct JobMenu: Screen {
  private let job: JobView

  init(_ job: JobView) {
    self.job = job
  }

  var isModal: Bool { true }
  /// Its answers are letters, not commands.
  var isTyping: Bool { true }

  func handle(_ event: ScreenEvent, _ context: ScreenContext) -> [ScreenRequest] {
    guard case .key(let key) = event else { return [] }
    switch key.code {
    case .character("p") where !job.isClosed: return wish("job.pause", context)
    case .character("r") where !job.isClosed: return wish("job.resume", context)
    case .character("c") where !job.isClosed: return wish("job.cancel", context)
    case .character("y"): return [.copy(job.job), .say(.good("copied \(job.job)"))]
    case .escape, .enter, .character("q"): return [.close]
    default: return [.say(.refused(job.isClosed ? "this job has ended" : "p, r or c; Esc closes"))]
    }
  }

  private func wish(_ operation: String, _ context: ScreenContext) -> [ScreenRequest] {
    if let objection = context.permissions.objection(to: operation) {
      return [.say(.refused("\(operation): \(objection)"))]
    }
    let action = ActionRequest(operation, ["job": .string(job.job)], about: job.operation)
    return [.close, .act(action)]
  }

  func hints(_ context: ScreenContext) -> [KeyHint] {
    let wishes = [KeyHint("p", "pause"), KeyHint("r", "resume"), KeyHint("c", "cancel")]
    return (job.isClosed ? [] : wishes) + [KeyHint("y", "copy id"), KeyHint("Esc", "close")]
  }

  func draw(into surface: inout Surface, _ region: Region, _ context: ScreenContext) {
    let name = { (text: String) in Words(padded(text, columns: 10), .label) }
    let figures = Figures(context.brush)
    let share = job.items > 0 ? Double(job.settled) / Double(job.items) : nil
    var lines: [[Words]] = [
      [name("phase"), Words(job.phase, .strong)],
      [
        name("done"), Words(figures.share(share).trimmed),
        Words("  \(Figures.grouped(job.settled)) of \(counted(UInt64(job.items), "item"))", .dim),
      ],
      [name("bytes"), Words("\(ByteCount(job.bytesDone)) of \(ByteCount(job.bytes))")],
    ]
    if let stalled = job.stalled { lines.append([name("stalled"), Words(stalled, .bad)]) }
    for (outcome, count) in job.counts where count > 0 {
      lines.append([name(""), Words("\(Figures.grouped(count)) \(outcome)")])
    }
    lines += [
      [name("begun"), Words(job.began, .dim), Words(" by \(job.by)", .dim)],
      [name("job"), Words(job.job, .dim)],
    ]
    Popup(job.operation, lines, choices: hints(context)).draw(into: &surface, region, context.brush)
  }
}
