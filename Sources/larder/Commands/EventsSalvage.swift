// `larder events salvage`: what still verifies of a damaged store, in a new one, and what does not, by
// file, byte and sequence.

import Ambient
import Bytes
import DurableFiles
import EventStore
import Flags

private let target = Argument(
  .directory("TARGET"), "The directory of the new store; made when it is not there.")

/// Salvages a store.
let eventsSalvageCommand: Command<Action> = Command(
  "salvage", "Copy what verifies of a damaged store into a new one.",
  details: """
    The damaged store is only read. Every event whose commitment follows from its bytes is appended to the \
    new store, in order, with where it came from in its extensions; whatever is lost is named. The exit code \
    is 4 when something is lost.
    """,
  examples: [
    .init("larder events salvage damaged saved", "Save what is left, into a new store.")
  ],
  takes: [storeDirectory, target, eventsJSON], action: Action(salvage))

private func salvage(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let damaged = try storeDisk(invocation, readOnly: true)
  let disk = try storeDisk(at: invocation[target])
  let isEmpty: Bool
  do throws(DiskError) {
    isEmpty = try disk.list(.root).isEmpty
  } catch {
    throw .ended(.failed, "\(error)")
  }
  guard isEmpty else {
    throw .ended(
      .refused, "'\(escaped(invocation[target]))' is not empty; a salvage makes a new store")
  }
  let store = try storing { () throws(StoreError) in try EventStore.open(on: disk) }
  let meter = output.meter("salvaging")
  let result = attempt { () throws(StoreError) in
    try store.salvage(
      from: damaged,
      SalvageOptions(progress: { done, total in meter.update(done: done, of: total) }))
  }
  meter.end()
  try storing { () throws(StoreError) in try store.close() }
  let report = try storing { () throws(StoreError) in try result.get() }
  if invocation[eventsJSON] {
    try output.print(json: report.object)
  } else {
    for loss in report.losses { try output.print(loss.sentence) }
    if report.lossesDropped > 0 { try output.print("and \(report.lossesDropped) more") }
    try output.print(
      "\(report.saved) events saved up to event \(report.last), \(report.lost) lost, "
        + "\(report.removed) removed before, \(report.sealed) sealed and left, "
        + "\(report.hidden) of fences left, \(report.unproven) behind the last mark")
  }
  return report.losses.isEmpty ? .done : .broken
}

extension SalvageLoss {
  fileprivate var sentence: String {
    let events =
      switch sequences {
      case nil: "no event is known to be lost"
      case let range? where range.count == 1: "event \(range.lowerBound) is lost"
      case let range?: "events \(range.lowerBound) to \(range.upperBound) are lost"
      }
    return "\(file): byte \(offset): it \(fault); \(events)"
  }
}

extension SalvageReport {
  fileprivate var object: JSONValue {
    .object([
      "source": .string("\(source)"), "saved": JSONValue(saved), "lost": JSONValue(lost),
      "removed": JSONValue(removed), "sealed": JSONValue(sealed), "hidden": JSONValue(hidden),
      "unproven": JSONValue(unproven), "last": JSONValue(last),
      "losses": .array(
        losses.map { loss in
          .object([
            "file": .string("\(loss.file)"), "offset": JSONValue(loss.offset),
            "fault": .string(loss.fault),
            "first": loss.sequences.map { JSONValue($0.lowerBound) } ?? .null,
            "last": loss.sequences.map { JSONValue($0.upperBound) } ?? .null,
          ])
        }),
    ])
  }
}
