// Answers what is asked of the log's last lines, out of memory. A page looks at a bounded number of
// lines; where a filter lets few of them pass it ends early, and the caller goes on.

internal import Ambient
internal import Bytes
internal import Operations
internal import Views

/// The log, as inspect operations ask it.
struct LogDesk: Sendable {
  /// The most lines that one page holds against a level and a filter.
  static let seenMax = 4_000

  private let subject: InspectSubject

  init(_ subject: InspectSubject) {
    self.subject = subject
  }

  func answer(_ input: JSONValue) throws(OperationFault) -> JSONValue {
    let limit = Int(input["limit"]?.integer ?? 100)
    let least = input["level"]?.string.flatMap { word in
      LogLevel.allCases.first { "\($0)" == word }
    }
    let filter: Filter
    do throws(FilterError) {
      filter = try Filter(parsing: input["filter"]?.string ?? "", LogLineView.vocabulary)
    } catch {
      throw .invalid("the filter is wrong at character \(error.position + 1): \(error)")
    }
    let after = input["after"]?.integer.map { UInt64(clamping: $0) }
    let seen = subject.log(after ?? 0, Self.seenMax)
    let now = subject.clock.now()
    let fitting = seen.filter { line in
      least.map { line.level >= $0 } ?? true && filter.matches(at: now, line.value(of:))
    }
    // Who has seen nothing wants the end of the log; who goes on wants what comes next.
    let lines = after == nil ? Array(fitting.suffix(limit)) : Array(fitting.prefix(limit))
    let isAll = lines.count == fitting.count || after == nil
    let next = isAll ? seen.last?.number ?? after ?? 0 : lines.last?.number ?? after ?? 0
    let missed = seen.first.map { $0.number - 1 - min($0.number - 1, after ?? $0.number - 1) } ?? 0
    return [
      "lines": .array(lines.map(\.json)), "next": JSONValue(next), "missed": JSONValue(missed),
    ]
  }
}
