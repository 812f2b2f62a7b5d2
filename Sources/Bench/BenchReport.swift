// What a bench found, for people and for programs. Figures are in decimal units, as rates are.

package import Ambient
package import Bytes

/// What one bench found.
package struct BenchReport: Sendable {
  package let bench: String
  package let time: WallTime
  package let machine: Machine
  package let rounds: Int
  package let figures: [Figure]
  /// Facts that belong to the figures, each a sentence.
  package let notes: [String]

  package init(
    bench: String, time: WallTime, machine: Machine, rounds: Int, figures: [Figure],
    notes: [String]
  ) {
    self.bench = bench
    self.time = time
    self.machine = machine
    self.rounds = rounds
    self.figures = figures
    self.notes = notes
  }

  /// What must not be overlooked.
  package var warnings: [String] {
    var warnings = machine.isRelease ? [] : ["a debug build was measured; its figures mean nothing"]
    for figure in figures {
      guard case .missing(let reason) = figure.rival?.result, let name = figure.rival?.name else {
        continue
      }
      let warning = "peer missing: \(name): \(reason)"
      if !warnings.contains(warning) { warnings.append(warning) }
    }
    for figure in figures where figure.isMet == false {
      warnings.append("bar missed: \(figure.name)")
    }
    return warnings
  }
}

extension BenchReport {
  /// The report as a table with a head, without colour, in ASCII but for the bar's sign.
  package var table: String {
    var lines = [
      "\(bench), \(time)", machine.sentence,
      "medians of \(rounds) round\(rounds == 1 ? "" : "s"), lowest and highest in brackets", "",
    ]
    lines += aligned(
      [["", "larder", "", "peer", "", "ratio", "bar"]] + figures.map(cells(of:)))
    if !notes.isEmpty { lines += [""] + notes }
    if !warnings.isEmpty { lines += [""] + warnings.map { "!! \($0)" } }
    return lines.joined(separator: "\n") + "\n"
  }

  private func cells(of figure: Figure) -> [String] {
    let quantity = figure.quantity
    var theirs = ["", ""]
    switch figure.rival?.result {
    case .measured(let runs)?:
      theirs = [quantity.spelled(runs.median), figure.rival?.name ?? ""]
    case .missing?: theirs = ["PEER MISSING", figure.rival?.name ?? ""]
    case nil: break
    }
    let verdict = figure.isMet.map { $0 ? "met" : "MISSED" } ?? "unknown"
    let sign = quantity.isCost ? "\u{2264}" : "\u{2265}"
    let bar =
      switch figure.bar {
      case .ratio(let wanted)?: "\(sign) \(fixed(wanted, 2))  \(verdict)"
      case .value(let wanted)?: "\(sign) \(quantity.spelled(wanted))  \(verdict)"
      case .both(let ratio, let value)?:
        "\(sign) \(fixed(ratio, 2)) and \(quantity.spelled(value))  \(verdict)"
      case .either(let ratio, let value)?:
        "\(sign) \(fixed(ratio, 2)) or \(quantity.spelled(value))  \(verdict)"
      case nil: ""
      }
    return [
      figure.name, quantity.spelled(figure.runs.median),
      "(\(quantity.spelled(figure.runs.lowest)) .. \(quantity.spelled(figure.runs.highest)))",
    ] + theirs + [figure.ratio.map { fixed($0, 2) } ?? "", bar]
  }

  /// The report as JSON: all runs, and figures in their base units.
  package var json: JSONValue {
    [
      "bench": .string(bench), "time": .string("\(time)"), "machine": machine.json,
      "rounds": JSONValue(rounds), "figures": .array(figures.map(json(of:))),
      "notes": .array(notes.map { .string($0) }), "warnings": .array(warnings.map { .string($0) }),
    ]
  }

  private func json(of figure: Figure) -> JSONValue {
    let rival: JSONValue =
      switch figure.rival?.result {
      case .measured(let runs)?:
        [
          "name": JSONValue(figure.rival?.name), "median": .number(runs.median),
          "runs": .array(runs.values.map { .number($0) }),
        ]
      case .missing(let reason)?:
        [
          "name": JSONValue(figure.rival?.name), "missing": .string(reason),
        ]
      case nil: .null
      }
    let bar: JSONValue =
      switch figure.bar {
      case .ratio(let wanted)?: ["ratio": .number(wanted)]
      case .value(let wanted)?: ["value": .number(wanted)]
      case .both(let ratio, let value)?:
        ["ratio": .number(ratio), "value": .number(value), "needs": "both"]
      case .either(let ratio, let value)?:
        ["ratio": .number(ratio), "value": .number(value), "needs": "either"]
      case nil: .null
      }
    return [
      "name": .string(figure.name), "unit": .string(figure.quantity.rawValue),
      "median": .number(figure.runs.median),
      "runs": .array(figure.runs.values.map { .number($0) }), "peer": rival,
      "ratio": figure.ratio.map { .number($0) } ?? .null, "bar": bar,
      "met": figure.isMet.map { .bool($0) } ?? .null,
    ]
  }
}

extension Quantity {
  /// A value in the unit that leaves one to three digits before the point: `6.41 GB/s`, `61.2 ns`.
  package func spelled(_ value: Double) -> String {
    if self == .share { return fixed(value * 100, 2) + " %" }
    let (prefixes, base) =
      self == .seconds ? (["n", "us", "ms", "s"], 1e-9) : (["", "k", "M", "G", "T"], 1)
    var (scaled, step) = (value / base, 0)
    while scaled >= 999.5, step < prefixes.count - 1 {
      scaled /= 1_000
      step += 1
    }
    let number = fixed(scaled, scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0)
    return switch self {
    case .seconds: number + " " + (step == 0 ? "ns" : prefixes[step])
    case .bytesPerSecond, .traffic: number + " \(prefixes[step])B/s"
    case .bytes: number + " \(prefixes[step])B"
    case .perSecond, .times: number + prefixes[step] + "/s"
    case .share: number
    }
  }
}

/// A number with so many digits behind the point.
private func fixed(_ value: Double, _ places: Int) -> String {
  let scale = [1, 10, 100][places]
  let scaled = Int((value * Double(scale)).rounded())
  let (whole, rest) = scaled.quotientAndRemainder(dividingBy: scale)
  guard places > 0 else { return "\(whole)" }
  let digits = "\(rest.magnitude)"
  return "\(whole)." + String(repeating: "0", count: places - digits.count) + digits
}

/// Rows as lines: the first column and the names to the left, figures to the right.
private func aligned(_ rows: [[String]]) -> [String] {
  let columns = rows.first?.count ?? 0
  let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
  let rightColumns: Set = [1, 3, 5]
  return rows.map { row in
    let cells = row.enumerated().map { column, cell in
      let gap = String(repeating: " ", count: widths[column] - cell.count)
      return rightColumns.contains(column) ? gap + cell : cell + gap
    }
    let line = cells.joined(separator: "  ")
    return String(line.reversed().drop { $0 == " " }.reversed())
  }
}
