// `larder events …`: the event store from outside. Each subcommand is declared and done in this file
// or in the other files that begin with Events; what they share is at the end: how a store is
// opened, and how an event is shown.

import Ambient
import Bytes
import Digests
import DurableFiles
import EventStore
import Flags

/// The event store's directory, as every subcommand takes it.
let storeDirectory = Argument(.directory("DIR"), "The directory of the event store.")
/// Machine-readable output, as every subcommand has it.
let eventsJSON = Flag("json", "Print JSON, one object a line.")

/// Part of a region, as the subcommands that take one have it.
let regionEntity = Flag(
  "entity", optional: .text("NAME"), "Only this entity and its descendants after a ':'.")
/// Part of a region, as the subcommands that take one have it.
let regionScope = Flag("scope", optional: .text("NAME"), "Only this scope.")
/// Part of a region, as the subcommands that take one have it.
let regionKind = Flag(
  "kind", optional: .text("C.TTT"), "Only this kind, or with one digit this category.")
private let after = Flag(
  "after", .integer(), default: 0, "Begin behind this sequence; with --newest, before it.")
private let limit = Flag("limit", .integer(1...1_000_000), default: 100, "At most so many events.")
private let newest = Flag("newest", "The newest first.")
private let event = Argument(.text("EVENT"), "A sequence, or an id as it is printed.")
private let depth = Flag("limit", .integer(1...1_000_000), default: 100, "At most so many.")
private let followMax = Flag(
  "count", optional: .integer(1...Int.max), "End after so many events.")
private let followCursor = Flag(
  "cursor", optional: .text("NAME"),
  "Go on where this cursor stands, and move it when the events are printed.")

/// The commands on an event store.
let eventsCommand: Command<Action> = Command(
  "events", "Append to, read and verify an event store.",
  details: """
    An event store is a directory with one writer and any number of readers. Every event is chained to \
    the one before it in its entity, and all of them to a root that a witness can keep.
    """,
  examples: [
    .init(
      #"echo '{"entity":"file:1","scope":"demo","kind":"1.001","payload":"hello"}' | larder events append store"#,
      "Append an event, making the store if there is none."),
    .init("larder events list store --entity file --newest", "The newest events of all files."),
    .init("larder events verify store", "Compute the whole chain again."),
  ],
  commands: [
    eventsAppendCommand,
    Command(
      "list", "List events.",
      takes: [
        storeDirectory, regionEntity, regionScope, regionKind, after, limit, newest, eventsJSON,
      ] + keyFlags, action: Action(list)),
    Command(
      "show", "Show one event and its receipt.",
      takes: [storeDirectory, event, eventsJSON] + keyFlags, action: Action(show)),
    Command(
      "ancestors", "Show the events before one in its lane, the nearest first.",
      takes: [storeDirectory, event, depth, eventsJSON] + keyFlags, action: Action(ancestors)),
    Command(
      "follow", "Print events as they become visible, beside the writer.",
      takes: [
        storeDirectory, regionEntity, regionScope, regionKind, after, followMax, followCursor,
        eventsJSON,
      ] + keyFlags,
      action: Action(follow)),
    eventsVerifyCommand,
    eventsCompactCommand,
    eventsSnapshotCommand,
    eventsForkCommand,
    eventsExportCommand,
    eventsImportCommand,
    eventsSalvageCommand,
    eventsShredCommand,
    eventsKeyCommand,
    eventsCheckpointCommand,
    eventsProveCommand,
    eventsProveGrowthCommand,
    eventsCursorCommand,
    Command(
      "stats", "Count what a store holds.", takes: [storeDirectory, eventsJSON],
      action: Action(stats)),
  ])

// MARK: - Reading

private func list(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let reader = try openKeyedReader(invocation)
  let region = try region(invocation)
  var position = UInt64(invocation[after])
  var left = invocation[limit]
  while left > 0 {
    let page = try storing { () throws(StoreError) in
      try reader.events(
        in: region, after: position, limit: min(left, 1_000),
        order: invocation[newest] ? .newestFirst : .oldestFirst)
    }
    for event in page.events { try print(event, invocation, &output) }
    left -= page.events.count
    position = page.position
    if page.isEnd { break }
  }
  return .done
}

private func show(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let reader = try openKeyedReader(invocation)
  let found = try findEvent(invocation[event], reader)
  let receipt = try storing { () throws(StoreError) in
    try reader.receipt(found.header.sequence)
  }
  var object = found.object
  object["receipt"] = .string(base64(receipt.encoded))
  if invocation[eventsJSON] {
    try output.print(json: .object(object))
  } else {
    for member in object.members {
      let value = member.value.string.map { escaped($0) } ?? member.value.text(.oneLine)
      try output.print(padded(member.key, 18) + value)
    }
  }
  return .done
}

private func ancestors(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let reader = try openKeyedReader(invocation)
  let start = try findEvent(invocation[event], reader)
  let found = try storing { () throws(StoreError) in
    try reader.ancestors(of: start.header.id, limit: invocation[depth])
  }
  for event in found.events { try print(event, invocation, &output) }
  switch found.end {
  case .genesis: return .done
  case .limit:
    output.say("there are more ancestors; raise --limit to see them")
    return .done
  case .removed(_, let sequence):
    output.say("event \(sequence) and what came before it were removed")
    return .done
  case .missing(let child, let sequence):
    throw .ended(.broken, "\(child) names event \(sequence), which is not in the store")
  case .failed(let error): throw Failure(error)
  }
}

private func follow(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let reader = try openKeyedReader(invocation)
  let region = try region(invocation)
  var position = UInt64(invocation[after])
  var left = invocation[followMax] ?? .max
  if let name = invocation[followCursor] {
    return try follow(reader, region, name, from: position, left, invocation, &output)
  }
  while left > 0 {
    let page = try storing { () throws(StoreError) in
      try reader.events(in: region, after: position, limit: min(left, 1_000))
    }
    for event in page.events { try print(event, invocation, &output) }
    try output.flush()
    left -= page.events.count
    position = page.position
    if page.isEnd && left > 0 {
      try storing { () throws(StoreError) in _ = try reader.wait(after: position) }
    }
  }
  return .done
}

/// Follows with a cursor, which is committed only when what it passed is printed.
private func follow(
  _ reader: EventReader, _ region: Region, _ name: String, from start: UInt64, _ count: Int,
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let shelf = CursorShelf(inStore: try storeDisk(invocation, readOnly: false))
  var cursor = try storing { () throws(StoreError) in
    try shelf.open(name, in: region, of: reader, startingAfter: start)
  }
  var left = count
  while left > 0 {
    let page = try storing { () throws(StoreError) in try cursor.next(limit: min(left, 1_000)) }
    for event in page.events { try print(event, invocation, &output) }
    try output.flush()
    try storing { () throws(StoreError) in try cursor.commit() }
    left -= page.events.count
    if page.isEnd && left > 0 {
      let position = cursor.toldUpTo
      try storing { () throws(StoreError) in _ = try reader.wait(after: position) }
    }
  }
  return .done
}

private func stats(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let reader = try openReader(invocation)
  let stats = try storing { () throws(StoreError) in try reader.stats() }
  let object: JSONObject = [
    "lineage": JSONValue(stats.lineage?.description), "events": JSONValue(stats.events),
    "segments": JSONValue(stats.segments),
    "unsealed": JSONValue(stats.unsealedSegments), "bytes": JSONValue(stats.bytes.bytes),
    "first": JSONValue(stats.first?.description), "last": JSONValue(stats.last?.description),
    "root": .string(stats.root.description),
  ]
  if invocation[eventsJSON] {
    try output.print(json: .object(object))
  } else {
    for member in object.members {
      try output.print(
        padded(member.key, 10) + (member.value.string ?? member.value.text(.oneLine)))
    }
  }
  return .done
}

// MARK: - What the subcommands share

extension Failure {
  /// How a command ends when the store refuses.
  init(_ error: StoreError) {
    if case .keyset(let fault) = error {
      self.init(fault)
      return
    }
    let code: ExitCode =
      switch error {
      case .corrupt, .witness, .stream, .cursor(_, .damaged), .cursor(_, .rewritten),
        .cursor(_, .ahead):
        .broken
      case .cursor(_, .held): .held
      case .locked: .held
      case .target: .refused
      case .denied: .refused
      case .badName, .tooLarge, .tooMany, .reservedKind: .misused
      default: .failed
      }
    self = .ended(code, "\(error)")
  }
}

/// Does something with a store; its refusal ends the command.
func storing<Result: ~Copyable>(
  _ body: () throws(StoreError) -> Result
) throws(Failure) -> Result {
  do throws(StoreError) {
    return try body()
  } catch {
    throw Failure(error)
  }
}

/// The disk that the directory of a command is the root of.
func storeDisk(_ invocation: Invocation, readOnly: Bool) throws(Failure) -> PosixDisk {
  do throws(DiskError) {
    return try PosixDisk(root: invocation[storeDirectory], readOnly: readOnly)
  } catch {
    throw .ended(.failed, "\(escaped(invocation[storeDirectory])) cannot be opened: \(error)")
  }
}

/// The same for writing; makes the directory, but none above it, when it is not there.
func storeDisk(making invocation: Invocation) throws(Failure) -> PosixDisk {
  try storeDisk(at: invocation[storeDirectory])
}

/// A directory to write, made when it is not there, but none above it.
func storeDisk(at directory: [UInt8]) throws(Failure) -> PosixDisk {
  var name = directory
  while name.count > 1, name.last == UInt8(ascii: "/") { name.removeLast() }
  let slash = name.lastIndex(of: UInt8(ascii: "/"))
  let parent =
    slash.map { $0 == 0 ? [UInt8(ascii: "/")] : Array(name[..<$0]) } ?? [UInt8(ascii: ".")]
  do throws(DiskError) {
    let leaf = try FilePath(bytes: Array(name[(slash.map { $0 + 1 } ?? 0)...]))
    let disk = try PosixDisk(root: parent)
    if try disk.status(at: leaf) == nil {
      try disk.makeDirectory(leaf, mode: 0o700)
      try disk.syncDirectory(.root)
    }
  } catch .badPath {
    // `.`, `..` and the like are not made; opening them says what is wrong, if anything is.
  } catch .exists {
    // Somebody made it in between, which is as good.
  } catch {
    throw .ended(.failed, "\(escaped(name)) cannot be made: \(error)")
  }
  do throws(DiskError) {
    return try PosixDisk(root: directory, readOnly: false)
  } catch {
    throw .ended(.failed, "\(escaped(directory)) cannot be opened: \(error)")
  }
}

/// Opens the store of a command for reading.
func openReader(_ invocation: Invocation) throws(Failure) -> EventReader {
  let disk = try storeDisk(invocation, readOnly: true)
  return try storing { () throws(StoreError) in try EventReader.open(on: disk) }
}

/// Opens the store of a command that takes keys, for reading what is sealed too.
func openKeyedReader(_ invocation: Invocation) throws(Failure) -> EventReader {
  let keys = try keySource(invocation)
  let disk = try storeDisk(invocation, readOnly: true)
  return try storing { () throws(StoreError) in try EventReader.open(on: disk, keys: keys) }
}

/// The region that the flags of a command name.
func region(_ invocation: Invocation) throws(Failure) -> Region {
  var filter = KindFilter.any
  if let text = invocation[regionKind] {
    if let category = UInt8(text, radix: 16), text.utf8.count == 1 {
      filter = .category(category)
    } else if let kind = EventKind(parsing: text) {
      filter = .exactly(kind)
    } else {
      throw .ended(
        .misused, "--kind wants C.TTT in hexadecimal, like 1.02a, or one digit for a category")
    }
  }
  return Region(
    entityPrefix: invocation[regionEntity], scope: invocation[regionScope], kind: filter)
}

/// The event that a person named by sequence or id.
func findEvent(_ text: String, _ reader: EventReader) throws(Failure) -> Event {
  if let sequence = UInt64(text) {
    return try storing { () throws(StoreError) in try reader.event(sequence) }
  }
  guard let id = EventID(parsing: text) else {
    throw .ended(.misused, "'\(escaped(text))' is neither a sequence nor an event's id")
  }
  return try storing { () throws(StoreError) in try reader.event(id) }
}

private func print(
  _ event: Event, _ invocation: Invocation, _ output: inout Output
) throws(Failure) {
  if invocation[eventsJSON] { return try output.print(json: .object(event.object)) }
  let header = event.header
  let shown: String =
    switch event.payload {
    case .bytes(let bytes): escaped(Array(bytes.prefix(60)))
    case .shredded: "(shredded)"
    case .sealed: "(sealed)"
    }
  try output.print(
    padded("\(header.sequence)", 8) + "\(header.time)  " + padded("\(header.kind)", 24)
      + padded(escaped(header.coordinate.entity), 24) + shown)
}

extension Event {
  /// The event as JSON; the payload as text where it is text.
  fileprivate var object: JSONObject {
    var object: JSONObject = [
      "sequence": JSONValue(header.sequence), "id": .string("\(header.id)"),
      "time": .string("\(header.time)"), "entity": .string(header.coordinate.entity),
      "scope": .string(header.coordinate.scope), "kind": .string("\(header.kind)"),
      "lane": JSONValue(header.lane.number), "stream": JSONValue(header.streamSequence),
    ]
    if header.payloadVersion > 0 { object["version"] = JSONValue(header.payloadVersion) }
    if let predecessor = header.ancestry.predecessor {
      object["predecessor"] = JSONValue(predecessor.sequence)
    }
    if let batch = header.batch { object["batch"] = JSONValue(batch.id) }
    if let fence = header.fence { object["fence"] = JSONValue(fence) }
    if let key = header.key { object["key"] = .string(escaped(key.bytes)) }
    for entry in header.extensions { object["+\(entry.name)"] = .string(escaped(entry.value)) }
    switch payload {
    case .bytes(let bytes):
      if let text = String(validating: bytes, as: UTF8.self) {
        object["payload"] = .string(text)
      } else {
        object["base64"] = .string(base64(bytes))
      }
    case .shredded: object["unreadable"] = .string("shredded")
    case .sealed: object["unreadable"] = .string("sealed")
    }
    object["commitment"] = .string("\(commitment)")
    return object
  }
}

/// Text with spaces behind it, two at least.
func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(2, width - text.count))
}
