// An action as the person sees it: the plan with its lists, what has to be typed, and what came of it.

internal import Ambient
internal import Bytes
internal import Terminal
internal import Widgets

extension ActionFlow {
  func draw(into surface: inout Surface, _ region: Region, _ context: ScreenContext) {
    let box = region.centred(
      rows: boxRows(region), columns: min(region.columns, 100))
    surface.fill(box, Style(.text, on: .popup))
    let subject = action.subject.isEmpty ? "" : " \(action.subject)"
    let title = action.verb.prefix(1).uppercased() + action.verb.dropFirst() + subject
    let border = Border(
      [Words(fitted(title, columns: max(8, box.columns - 24), cut: .middle), .popupTitle)],
      note: [Words(note, .dim)], isFocused: true, on: .popup)
    let inner = border.draw(into: &surface, box, context.brush).inset(columns: 1)
    surface.cursor = nil
    switch stage {
    case .planning: say("making a plan, changing nothing", into: &surface, inner, context)
    case .committing: say("doing it", into: &surface, inner, context)
    case .review: drawPlan(into: &surface, inner, context)
    case .confirming(let confirmation):
      let (above, below) = inner.split(bottom: min(inner.rows, 4))
      drawPlan(into: &surface, above, context)
      draw(confirmation, into: &surface, below, context)
    case .done(let answer): draw(answer, into: &surface, inner, context)
    case .refused(let sentence, let receipt):
      var lines = wrapped(sentence, columns: inner.columns - 2).map { [Words($0, .bad)] }
      lines += [[], [Words("Nothing was done.", .strong)]]
      if let receipt { lines.append([Words("receipt   ", .label), Words(receipt)]) }
      draw(lines, into: &surface, inner, context)
    }
  }

  private var note: String {
    switch stage {
    case .planning: "planning"
    case .review: "a plan; nothing is done yet"
    case .confirming: "to be confirmed"
    case .committing: "under way"
    case .done: "done"
    case .refused: "refused"
    }
  }

  private func boxRows(_ region: Region) -> Int {
    let rows: Int
    switch stage {
    case .planning, .committing: rows = 3
    case .done(let answer): rows = answer.job == nil ? 7 : 9
    case .refused: rows = 8
    case .review where plan?.rowCount == 0: rows = 4
    case .review, .confirming:
      rows = (plan.map { $0.rowCount + summary($0, 80).count + 4 } ?? 3) + 5
    }
    return min(max(rows, 5), region.rows)
  }

  private func say(
    _ words: String, into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    let dots = context.brush.ellipsis
    surface.draw(Words(words + dots, .dim), in: region, on: .popup, brush: context.brush)
  }

  private func draw(
    _ lines: [[Words]], into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    for (row, line) in lines.prefix(region.rows).enumerated() {
      surface.draw(line, in: region.line(row), on: .popup, brush: context.brush)
    }
  }

  // MARK: - The plan

  /// The figures of a plan, a line each.
  private func summary(_ plan: PlanView, _ columns: Int) -> [[Words]] {
    let name = { (text: String) in Words(padded(text, columns: 10), .label) }
    if plan.items == 0, plan.refused == 0 {
      return [[name("would do"), Words("this, at once", .strong)]]
    }
    var lines: [[Words]] = [
      plan.items == 0
        ? [name("would do"), Words("nothing", .strong)]
        : [
          name("would do"),
          Words(counted(UInt64(plan.items), "item"), .strong),
          Words(plan.bytes > 0 ? ", \(ByteCount(plan.bytes))" : ""),
          Words(plan.estimate.map { "   about \($0.inWords)" } ?? "", .dim),
        ]
    ]
    if plan.refused > 0 {
      lines.append([
        name("leaves"), Words(counted(UInt64(plan.refused), "item"), .warning),
        Words(" alone, for the reasons below", .dim),
      ])
    }
    if !plan.after.isEmpty {
      let figures = plan.after.map { "\(spelled($0.name)) \(shown($0.name, $0.value))" }
      let words = figures.joined(separator: ", ")
      lines += wrapped(words, columns: max(20, columns - 10)).enumerated().map { index, text in
        [name(index == 0 ? "then" : ""), Words(text)]
      }
    }
    if !plan.isReversible {
      lines.append([name(""), Words("This cannot be taken back by anybody.", .bad)])
    }
    return lines
  }

  private func drawPlan(
    into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    guard let plan else { return }
    let summary = summary(plan, region.columns)
    let (head, rest) = region.split(top: min(summary.count, region.rows))
    draw(summary, into: &surface, head, context)
    let list = rest.split(top: rest.rows > 3 ? 1 : 0).rest
    guard list.rows > 0, plan.rowCount > 0 else { return }
    let figures = Figures(context.brush)
    let glyphs = context.brush.glyphs
    let rows =
      plan.listed.map { item in
        TableRow([
          Words("\(glyphs.check)", .good), Words(item.item),
          Words(figures.bytes(ByteCount(item.bytes))), Words(""),
        ])
      }
      + plan.refusals.map { item in
        TableRow([
          Words("\(glyphs.failure)", .warning), Words(item.item, .dim),
          Words(figures.bytes(ByteCount(item.bytes)), .dim), Words(item.reason, .warning),
        ])
      }
    let seen = Table.rowsSeen(in: list)
    let first = min(top, max(0, rows.count - seen))
    let all = plan.items + plan.refused
    Table(
      [
        TableColumn("", Share(minimum: 1, ideal: 1, priority: 5)),
        TableColumn(
          "Item", Share(minimum: 10, ideal: 40, weight: 2, priority: 4), cut: .middle),
        TableColumn("Size", Share(minimum: 8, ideal: 8, priority: 2), isRight: true),
        TableColumn(
          plan.refused > 0 ? "Left alone because" : "",
          plan.refused > 0
            ? Share(minimum: 14, ideal: 30, weight: 1, priority: 3)
            : Share(minimum: 0, ideal: 0)),
      ], Array(rows.dropFirst(first).prefix(seen)), top: first, count: rows.count
    ).draw(into: &surface, list, context.brush)
    if all > rows.count, list.rows > 2 {
      let words = " and \(Figures.grouped(all - rows.count)) more "
      surface.draw(
        Words(words, .dim), in: list.line(list.rows - 1), on: .popup, right: true,
        brush: context.brush)
    }
    surface.restyle(list) { style in
      if style.ground == .text { style.ground = .popup }
    }
  }

  // MARK: - Confirming, and the end

  private func draw(
    _ confirmation: Confirmation, into surface: inout Surface, _ region: Region,
    _ context: ScreenContext
  ) {
    surface.fill(region, Style(.text, on: .popup))
    let line = region.line(min(1, region.rows - 1))
    if let left = confirmation.secondsLeft(at: context.monotonic) {
      surface.draw(
        [
          Words("\(action.verb) in \(left) s", .bad), Words("   any key stops it", .strong),
        ], in: line, on: .popup, brush: context.brush)
      return
    }
    let (question, role): (String, Role) =
      if case .reason = confirmation.step {
        ("Why? The receipt keeps it.", .text)
      } else {
        ("Type  \(confirmation.word)  to \(action.verb).", confirmation.isForEver ? .bad : .strong)
      }
    surface.draw(Words(question, role), in: line, on: .popup, brush: context.brush)
    confirmation.field.draw(into: &surface, region.line(min(2, region.rows - 1)), context.brush)
  }

  private func draw(
    _ answer: Answer, into surface: inout Surface, _ region: Region, _ context: ScreenContext
  ) {
    let name = { (text: String) in Words(padded(text, columns: 10), .label) }
    var lines: [[Words]] = []
    if answer.job != nil {
      if let outcome {
        let glyphs = context.brush.glyphs
        lines.append([
          Words(outcome.isClosed ? "\(glyphs.check) " : "\(glyphs.right) ", .good),
          Words(
            "\(Figures.grouped(outcome.settled)) of \(counted(UInt64(outcome.items), "item"))",
            .strong),
          Words(outcome.stalled.map { ", stalled: \($0)" } ?? ", \(outcome.phase)"),
        ])
        let counts = outcome.counts.filter { $0.count > 0 }
        if !counts.isEmpty {
          lines.append([
            name(""),
            Words(
              counts.map { "\(Figures.grouped($0.count)) \(spelled($0.name))" }
                .joined(separator: ", ")),
          ])
        }
      } else {
        lines.append([Words("It is under way as a job; this may be closed.", .strong)])
      }
    } else {
      lines.append([
        Words("\(context.brush.glyphs.check) ", .good), Words("Done.", .strong),
      ])
    }
    lines.append([])
    lines.append([name("receipt"), Words(answer.receipt ?? context.brush.unknown)])
    if let job = answer.job { lines.append([name("job"), Words(job)]) }
    if context.key(of: .undo) != nil, plan?.undoing(action) != nil {
      lines.append([
        name(""), Words("\(context.key(of: .undo) ?? "") ", .key),
        Words("takes it back, by a plan of its own", .dim),
      ])
    }
    draw(lines, into: &surface, region, context)
  }

  /// `spaceFree` as `space free`.
  private func spelled(_ name: String) -> String {
    name.reduce(into: "") { text, character in
      if character.isUppercase { text += " " }
      text += character.lowercased()
    }
  }

  /// A figure of a plan by its name: bytes are said as bytes.
  private func shown(_ name: String, _ value: JSONValue) -> String {
    let lower = name.lowercased()
    let isBytes = lower.hasSuffix("bytes") || lower.hasSuffix("free") || lower.hasSuffix("used")
    switch value {
    case .integer(let number):
      return isBytes ? "\(ByteCount(number))" : Figures.grouped(Int(number))
    case .string(let text): return text
    case .bool(let isSo): return isSo ? "yes" : "no"
    case .null: return "–"
    default: return value.text()
    }
  }
}
