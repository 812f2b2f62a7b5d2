// `larder events export` and `import`: events between stores, as lines of JSON. A file that is
// exported to appears whole or not at all; a pipe gets the last line only when all came before it,
// and an import without it says so.

import Ambient
import Bytes
import ColdStorage
import DurableFiles
import EventStore
import Flags

private let outputFile = Flag(
  "output", short: "o", optional: .path("FILE"),
  "Write to this file and not to the output; '-' is the output.")
private let inputFile = Argument(.path("FILE"), "The exported stream; '-' is the input.")

/// The longest line that is imported: the largest payload as base64, or as text whose every byte is
/// escaped, and its header.
private let lineBytesMax = NewEvent.payloadBytesMax * 6 + 65_536

/// Exports events.
let eventsExportCommand: Command<Action> = Command(
  "export", "Write events as lines of JSON that another store can import.",
  details: """
    The same events give the same bytes. Payloads that cannot be read are exported without them, removed \
    events are only named, and the store's own records stay. The last line has the counts, the store's root \
    and a hash over all lines. With --output, --json prints the counts and the root too.
    """,
  examples: [
    .init("larder events export store | ssh host larder events import copy -", "Copy by a pipe.")
  ],
  takes: [storeDirectory, outputFile, regionEntity, regionScope, regionKind] + keyFlags
    + [eventsJSON],
  action: Action(export))

/// Imports events.
let eventsImportCommand: Command<Action> = Command(
  "import", "Append what another store exported; a second time changes nothing.",
  details: """
    Each event is appended under a key that follows from the store it comes from and its id. Order is kept, \
    and batches stay whole. Where an event came from stands in its extensions.
    """,
  takes: [storeDirectory, inputFile] + sealFlags + keyFlags + [eventsJSON],
  action: Action(importing))

private func export(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let reader = try openKeyedReader(invocation)
  let region = try region(invocation)
  var exporter: EventExporter
  do throws(StoreError) {
    exporter = try EventExporter(reader, region: region)
  } catch {
    throw Failure(error)
  }
  let name = invocation[outputFile].flatMap { $0 == [UInt8(ascii: "-")] ? nil : $0 }
  guard let name else {
    while let line = try next(&exporter) {
      try output.write(String(decoding: line, as: UTF8.self))
    }
    return .done
  }
  let file = try NewFile(name)
  let meter = output.meter("exporting")
  var offset: UInt64 = 0
  while let line = try next(&exporter) {
    do throws(StorageError) {
      try file.sink.write(line.span, at: offset)
    } catch {
      throw .ended(.failed, "'\(escaped(name))' was not written: \(error)")
    }
    offset += UInt64(line.count)
    meter.update(done: exporter.progress.done, of: exporter.progress.total)
  }
  meter.end()
  try file.commit(replacing: true)
  // Without a file the lines are what is printed, and they are JSON as they are.
  if invocation[eventsJSON] {
    let report = exporter.report
    try output.print(
      json: .object([
        "source": .string("\(report.source)"), "events": JSONValue(report.events),
        "unreadable": JSONValue(report.unreadable), "removed": JSONValue(report.removed),
        "count": JSONValue(report.count), "root": .string("\(report.root)"),
        "bytes": JSONValue(offset),
      ]))
  }
  return .done
}

private func next(_ exporter: inout EventExporter) throws(Failure) -> [UInt8]? {
  do throws(StoreError) {
    return try exporter.next()
  } catch {
    throw Failure(error)
  }
}

private func importing(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let keys = try sealingKeys(invocation)
  let name = invocation[inputFile]
  var lines: LineReader
  do throws(DiskError) {
    let file: UserFile =
      name == [UInt8(ascii: "-")] ? try .standardInput() : try UserFile(bytes: name)
    lines = LineReader(file, bytesMax: lineBytesMax)
  } catch {
    throw .ended(.failed, "\(error)")
  }
  let disk = try storeDisk(making: invocation)
  let store = try storing { () throws(StoreError) in
    try EventStore.open(on: disk, StoreOptions(keys: keys))
  }
  let meter = output.meter("importing")
  let result: Result<ImportReport, Failure>
  do throws(Failure) {
    result = .success(try take(&lines, into: store, meter))
  } catch {
    result = .failure(error)
  }
  meter.end()
  try storing { () throws(StoreError) in try store.close() }
  let report = try result.get()
  if invocation[eventsJSON] {
    try output.print(
      json: .object([
        "source": .string("\(report.source)"), "appended": JSONValue(report.appended),
        "known": JSONValue(report.known), "unreadable": JSONValue(report.unreadable),
        "removed": JSONValue(report.removed),
      ]))
  } else {
    try output.print(
      "\(report.appended) events appended, \(report.known) were there before, "
        + "\(report.unreadable) could not be read and \(report.removed) were removed in "
        + "\(report.source)")
  }
  return .done
}

private func take(
  _ lines: inout LineReader, into store: EventStore, _ meter: Meter
) throws(Failure) -> ImportReport {
  var importer = EventImporter(into: store)
  while true {
    switch lines.next() {
    case .line(let bytes):
      do throws(StoreError) { try importer.take(bytes) } catch { throw Failure(error) }
      meter.update(done: importer.events, of: nil)
    case .tooLong: throw .ended(.failed, "a line is longer than \(lineBytesMax) bytes")
    case .unreadable(let error): throw .ended(.failed, "\(error)")
    case .end:
      do throws(StoreError) { return try importer.finish() } catch { throw Failure(error) }
    }
  }
}
