// Triage as it stands on top of the overview: each condition with its cause, since when, the figures
// behind it and the key that leads to the remedy. The selected one says everything; the others as much
// as there is room for.

internal import Ambient
internal import Terminal
internal import Triage
internal import Views
internal import Widgets

/// The conditions, worst first.
struct ConditionList {
  private let conditions: [Condition]
  private let selected: Overview.ConditionID?
  private let context: ScreenContext

  init(_ conditions: [Condition], selected: Overview.ConditionID?, _ context: ScreenContext) {
    self.conditions = conditions
    self.selected = selected
    self.context = context
  }

  /// How many rows it takes of a region.
  func rows(of region: Region) -> Int {
    if conditions.isEmpty { return region.rows > 8 ? 1 : min(1, region.rows) }
    let wanted = text(columns: region.columns - (isBordered ? 4 : 0)).count
    let most = max(1, region.rows <= 8 ? region.rows : region.rows / 2)
    return min(wanted + (isBordered ? 2 : 0), most)
  }

  private var isBordered: Bool { context.size.rows >= 14 && context.size.columns >= 40 }

  func draw(into surface: inout Surface, _ region: Region) {
    let brush = context.brush
    guard !conditions.isEmpty else {
      surface.draw(
        [Words(" \(brush.glyphs.check) ", .good), Words("Nothing is wrong.", .dim)], in: region,
        brush: brush)
      return
    }
    var inner = region
    if isBordered && region.rows >= 3 {
      let count = conditions.count
      let border = Border(
        [Words(count == 1 ? "1 thing is wrong" : "\(count) things are wrong", .title)],
        isFocused: true)
      inner = border.draw(into: &surface, region, brush).inset(columns: 1)
    }
    let lines = text(columns: inner.columns)
    // The selected one is kept in sight.
    let first = lines.firstIndex { $0.isSelected } ?? 0
    let last = lines.lastIndex { $0.isSelected } ?? 0
    let top = max(0, min(first, max(last - inner.rows + 1, 0)))
    for (row, line) in lines.dropFirst(top).prefix(inner.rows).enumerated() {
      draw(line, into: &surface, inner.line(row))
    }
    let hidden = lines.count - inner.rows - top
    if hidden > 0, inner.columns > 20, let more = hiddenCount(lines, behind: top + inner.rows) {
      let words = " +\(more) more "
      let place = inner.line(inner.rows - 1).split(left: inner.columns - words.count).rest
      surface.draw(Words(words, .warning), in: place, brush: brush)
    }
  }

  private func hiddenCount(_ lines: [Line], behind end: Int) -> Int? {
    let count = lines.dropFirst(end).count { $0.isHead }
    return count > 0 ? count : nil
  }

  private func draw(_ line: Line, into surface: inout Surface, _ place: Region) {
    let columns = line.right.reduce(0) { $0 + $1.columns }
    let (left, right) = place.split(left: place.columns - (columns > 0 ? columns + 1 : 0))
    surface.draw(line.words, in: left, brush: context.brush)
    surface.draw(line.right, in: right.split(left: 1).rest, brush: context.brush)
  }

  private struct Line {
    var words: [Words]
    var right: [Words] = []
    var isHead = false
    var isSelected = false
  }

  private func text(columns: Int) -> [Line] {
    let rows = context.size.rows
    let isLong = conditions.count <= Overview.conditionsAtLengthMax && rows >= 24
    return conditions.flatMap { condition -> [Line] in
      let isSelected = Overview.ConditionID(condition) == selected
      var lines = [head(condition, isSelected, columns)]
      if isLong || (isSelected && rows >= 12) { lines += details(condition, columns) }
      for index in lines.indices { lines[index].isSelected = isSelected }
      return lines
    }
  }

  private func head(_ condition: Condition, _ isSelected: Bool, _ columns: Int) -> Line {
    let glyphs = context.brush.glyphs
    let (sign, role): (String, Role) =
      switch condition.severity {
      case .critical: ("\(glyphs.failure)", .alarmCritical)
      case .warning: ("\(glyphs.warning)", .alarmWarning)
      case .notice: ("\(glyphs.bullet)", .alarmNotice)
      }
    let remedy = CommandName(condition.diagnosis.remedy.command)
    var right: [Words] = []
    if columns >= 50 { right.append(Words(padded(age(of: condition), columns: 11), .dim)) }
    let key = context.key(of: remedy)
    right.append(Words(padded(key ?? "", columns: 4, right: true), .key))
    if columns >= 70 {
      let label = key == nil ? "" : context.commands[remedy]?.label ?? ""
      right.append(Words(" " + padded(label, columns: labelColumns), .keyLabel))
    }
    return Line(
      words: [
        Words(isSelected ? "\(glyphs.pointer)" : " ", .accent), Words("\(sign) ", role),
        Words(condition.diagnosis.title, isSelected ? .strong : role),
      ], right: right, isHead: true)
  }

  /// Since when, as a length of time.
  private func age(of condition: Condition) -> String {
    let age = max(context.snapshot?.taken ?? context.now, context.now) - condition.since
    return age < .seconds(1) ? "just now" : "for \(Figures(context.brush).duration(age).trimmed)"
  }

  /// Columns of the longest name of a remedy.
  private var labelColumns: Int {
    let labels = conditions.compactMap {
      context.commands[CommandName($0.diagnosis.remedy.command)]?.label
    }
    return labels.map { columnCount(of: $0) }.max() ?? 0
  }

  private func details(_ condition: Condition, _ columns: Int) -> [Line] {
    let diagnosis = condition.diagnosis
    let room = max(10, columns - 4)
    let dot = " \(context.brush.glyphs.bullet) "
    var why = [diagnosis.cause]
    let behind = diagnosis.evidence.joined(separator: dot)
    if columnCount(of: diagnosis.cause + dot + behind) <= room || behind.isEmpty {
      why = [([diagnosis.cause] + (behind.isEmpty ? [] : [behind])).joined(separator: dot)]
    } else {
      why.append(behind)
    }
    let lines = why.flatMap { wrapped($0, columns: room) }
    return lines.map { Line(words: [Words("   "), Words($0)]) }
      + wrapped(diagnosis.remedy.advice, columns: room).map {
        Line(words: [Words("   "), Words($0, .accent)])
      }
  }
}
