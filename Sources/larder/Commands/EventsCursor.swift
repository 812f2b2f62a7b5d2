// `larder events cursor …`: the cursors in a store's directory, or in another.

import Bytes
import DurableFiles
import EventStore
import Flags

private let name = Argument(.text("NAME"), "The cursor.")

/// Lists, shows and resets cursors.
let eventsCursorCommand: Command<Action> = Command(
  "cursor", "Look at the named places of readers, and reset them.",
  details: "'larder events follow DIR --cursor NAME' makes one and moves it.",
  commands: [
    Command(
      "list", "List the cursors.", takes: [storeDirectory, eventsJSON], action: Action(list)),
    Command(
      "show", "Show one cursor.", takes: [storeDirectory, name, eventsJSON], action: Action(show)),
    Command(
      "reset", "Forget a cursor, damaged or not, so that its region begins again.",
      takes: [storeDirectory, name], action: Action(reset)),
  ])

private func list(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let shelf = CursorShelf(inStore: try storeDisk(invocation, readOnly: true))
  let names = try storing { () throws(StoreError) in try shelf.names() }
  var isWhole = true
  for name in names {
    let standing: CursorStanding
    do throws(StoreError) {
      standing = try shelf.standing(of: name)
    } catch {
      isWhole = false
      output.say("\(error)")
      continue
    }
    try print(standing, invocation, &output)
  }
  return isWhole ? .done : .broken
}

private func show(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let shelf = CursorShelf(inStore: try storeDisk(invocation, readOnly: true))
  try print(
    try storing { () throws(StoreError) in try shelf.standing(of: invocation[name]) }, invocation,
    &output)
  return .done
}

private func reset(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let shelf = CursorShelf(inStore: try storeDisk(invocation, readOnly: false))
  try storing { () throws(StoreError) in try shelf.reset(invocation[name]) }
  return .done
}

private func print(
  _ standing: CursorStanding, _ invocation: Invocation, _ output: inout Output
) throws(Failure) {
  if invocation[eventsJSON] {
    return try output.print(
      json: .object([
        "name": .string(standing.name), "position": JSONValue(standing.position),
        "commits": JSONValue(standing.commits), "region": .string(standing.region.words),
        "lineage": .string("\(standing.lineage)"),
      ]))
  }
  try output.print(
    padded(standing.name, 24) + padded("\(standing.position)", 10) + standing.region.words)
}

extension Region {
  /// The region as the flags that name it.
  fileprivate var words: String {
    var words: [String] = []
    if let entityPrefix { words.append("--entity \(escaped(entityPrefix))") }
    if let scope { words.append("--scope \(escaped(scope))") }
    switch kind {
    case .any: break
    case .category(let category): words.append("--kind \(String(category, radix: 16))")
    case .exactly(let kind): words.append("--kind \(kind)")
    }
    if let lane { words.append("lane \(lane.number)") }
    if let sequences { words.append("events \(sequences.lowerBound) to \(sequences.upperBound)") }
    return words.isEmpty ? "everything" : words.joined(separator: " ")
  }
}
