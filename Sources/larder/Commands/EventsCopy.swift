// `larder events snapshot` and `fork`: copies of a store that are stores. Both read beside the writer
// and write into a directory that must be empty or not there yet.

import Ambient
import Bytes
import DurableFiles
import EventStore
import Flags

private let target = Argument(
  .directory("TARGET"), "The directory to write; made when it is not there, and empty otherwise.")
private let keys = Flag(
  "keys", "Copy the keyset too; without it, sealed payloads cannot be read from the copy.")

/// Snapshots a store.
let eventsSnapshotCommand: Command<Action> = Command(
  "snapshot", "Copy a store as it is now, with a manifest that verifies.",
  details: """
    The copy is the same store at this moment: it is read where it lies, verified like any store, file by \
    file against its manifest too, and goes on as the store restored once it is opened for writing.
    """,
  examples: [
    .init("larder events snapshot store backup/monday", "Copy a store beside its writer.")
  ],
  takes: [storeDirectory, target, keys, eventsJSON], action: Action(snapshot))

/// Forks a store.
let eventsForkCommand: Command<Action> = Command(
  "fork", "Make a store of its own out of a store as it is now.",
  details: """
    The fork has the events up to now and an identity of its own, and goes on independently. It knows which \
    store it came from and up to which event, and checkpoints of that store hold for it up to there.
    """,
  takes: [storeDirectory, target, keys, eventsJSON], action: Action(fork))

private func snapshot(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let reader = try openReader(invocation)
  let disk = try storeDisk(at: invocation[target])
  let meter = output.meter("copying")
  let result = attempt { () throws(StoreError) in
    try reader.snapshot(to: disk, options(invocation, meter))
  }
  meter.end()
  let manifest = try storing { () throws(StoreError) in try result.get() }
  let bytes = ByteCount(manifest.files.reduce(0) { $0 + $1.bytes })
  if invocation[eventsJSON] {
    try output.print(
      json: .object([
        "lineage": .string("\(manifest.lineage)"), "count": JSONValue(manifest.count),
        "root": .string("\(manifest.root)"), "files": JSONValue(manifest.files.count),
        "bytes": JSONValue(bytes.bytes), "keys": .bool(manifest.includesKeys),
      ]))
  } else {
    try output.print(
      "\(manifest.count) events in \(manifest.files.count) files, \(bytes); the root is")
    try output.print("\(manifest.root)")
  }
  return .done
}

private func fork(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let reader = try openReader(invocation)
  let disk = try storeDisk(at: invocation[target])
  let meter = output.meter("copying")
  let result = attempt { () throws(StoreError) in
    try reader.fork(to: disk, options(invocation, meter))
  }
  meter.end()
  let fork = try storing { () throws(StoreError) in try result.get() }
  if invocation[eventsJSON] {
    try output.print(
      json: .object([
        "lineage": .string("\(fork.lineage)"), "parent": .string("\(fork.origin.lineage)"),
        "sequence": JSONValue(fork.origin.sequence), "root": .string("\(fork.origin.root)"),
      ]))
  } else {
    try output.print(
      "\(fork.lineage) goes on from event \(fork.origin.sequence) of \(fork.origin.lineage)")
  }
  return .done
}

private func options(_ invocation: Invocation, _ meter: Meter) -> CopyOptions {
  CopyOptions(
    includesKeys: invocation[keys],
    progress: { done, total in meter.update(done: done, of: total) })
}

/// Does something and keeps what came of it, so that the line of progress can go first.
func attempt<Result>(
  _ body: () throws(StoreError) -> Result
) -> Swift.Result<Result, StoreError> {
  do throws(StoreError) {
    return .success(try body())
  } catch {
    return .failure(error)
  }
}
