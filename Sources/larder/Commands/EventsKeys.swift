// Keys on the command line: where the key-encryption key comes from, declared once for every
// subcommand that takes it; which events a writer seals; `larder events key new`, which makes a key; and `larder events shred`,
// which destroys a data key for ever and therefore asks first.

import Ambient
import Bytes
import DurableFiles
import EventStore
import Flags

private let keyFile = Flag(
  "key-file", optional: .path("FILE"), "The key-encryption key is in this file, with mode 0600.")
private let keyVariable = Flag(
  "key-env", optional: .text("NAME"), "The key-encryption key is in the file that NAME names.")
private let keyDescriptor = Flag(
  "key-fd", optional: .integer(0...Int(Int32.max)),
  "The key-encryption key comes from this open descriptor.")

/// Where the key-encryption key comes from, as every subcommand that reads or writes payloads takes
/// it.
let keyFlags: [any Parameter] = [keyFile, keyVariable, keyDescriptor]

private let sealFlag = Flag(
  "seal", optional: .granularity,
  "Seal payloads, with one key for each of these; for a store that has no keys yet.")

private let sealOnly = Flag(
  "seal-only", optional: .kindFilters,
  "Seal events of these kinds and categories alone, each C or C.TTT, with commas between.")
private let sealAllBut = Flag(
  "seal-all-but", optional: .kindFilters,
  "Seal all events but those of these kinds and categories.")

/// How a store that has no keys yet is to seal, and which events this writer seals.
let sealFlags: [any Parameter] = [sealFlag, sealOnly, sealAllBut]

private let target = Flag(
  "scope", required: .keyScope,
  "What is destroyed: entity:NAME, category:C, kind:C.TTT or event:ID, as the store was made.")
private let dryRun = Flag("dry-run", "Say what would become unreadable, and destroy nothing.")
private let yes = Flag("yes", "Do not ask.")
private let newFile = Argument(.path("FILE"), "The file to make; it must not be there.")

/// Makes key-encryption keys.
let eventsKeyCommand: Command<Action> = Command(
  "key", "Make a key-encryption key, or change a store's.",
  commands: [
    Command(
      "new", "Make a file with a new key-encryption key.",
      details: """
        The file is one line that only its owner can read. Keep it outside of the store's directory and \
        apart from the store's backups: whoever has both reads everything, and whoever has lost it reads \
        nothing that is sealed.
        """,
      examples: [.init("larder events key new /etc/larder/events.key", "Make a key.")],
      takes: [newFile, eventsJSON], action: Action(makeKey)),
    eventsKeyRotateCommand,
  ])

/// Destroys data keys.
let eventsShredCommand: Command<Action> = Command(
  "shred", "Destroy the key of sealed payloads, for ever.",
  details: """
    What was sealed with the key can never be read again, by anyone, from any copy of the store that \
    lacks the key. The chain, receipts and proofs go on holding, and what is appended to the scope \
    afterwards gets a new key. Copies of the keyset in backups still have the old key; destroy those too.
    """,
  examples: [
    .init(
      "larder events shred store --scope entity:user:17 --dry-run",
      "How much of user:17 could be read until now."),
    .init(
      "larder events shred store --scope entity:user:17 --key-file events.key --yes",
      "Forget user:17."),
  ],
  takes: [storeDirectory, target, dryRun, yes] + keyFlags + [eventsJSON], action: Action(shred))

// MARK: - What the subcommands share

/// Where the invocation says that the key-encryption key is; nil when it says nothing.
func keySource(_ invocation: Invocation) throws(Failure) -> KeySource? {
  var sources: [KeySource] = []
  if let path = invocation[keyFile] { sources.append(.file(path)) }
  if let name = invocation[keyVariable] { sources.append(.environment(name)) }
  if let number = invocation[keyDescriptor] { sources.append(.descriptor(Int32(number))) }
  guard sources.count <= 1 else {
    throw .ended(.misused, "give one of --key-file, --key-env and --key-fd")
  }
  return sources.first
}

/// How the invocation wants a writer to seal that takes `sealFlags`; nil when it says nothing of
/// keys.
func sealingKeys(_ invocation: Invocation) throws(Failure) -> StoreKeys? {
  let granularity = invocation[sealFlag]
  let policy: SealingPolicy? =
    switch (invocation[sealOnly], invocation[sealAllBut]) {
    case (nil, nil): nil
    case (let kinds?, nil): .only(kinds)
    case (nil, let kinds?): .allBut(kinds)
    case (_?, _?): throw .ended(.misused, "give one of --seal-only and --seal-all-but")
    }
  guard let source = try keySource(invocation) else {
    if granularity == nil, policy == nil { return nil }
    throw .ended(.misused, "sealing wants a key: give --key-file, --key-env or --key-fd with it")
  }
  return StoreKeys(source, granularity: granularity, policy: policy ?? .all)
}

/// The keys of a writer that appends nothing of its caller's; nil when the invocation gives none.
func storeKeys(_ invocation: Invocation) throws(Failure) -> StoreKeys? {
  try keySource(invocation).map { StoreKeys($0) }
}

extension Failure {
  /// How a command ends when keys are refused.
  init(_ fault: KeysetFault) {
    self =
      switch fault {
      case .unopened:
        .ended(
          .misused, "the store's payloads are sealed; give --key-file, --key-env or --key-fd")
      case .noGranularity:
        .ended(.misused, "the store has no keys yet; give --seal entity, category, kind or event")
      case .unkeyed, .otherKey, .otherGranularity, .leftOut, .source: .ended(.misused, "\(fault)")
      case .missing, .damaged, .older, .otherStore, .lacksKey: .ended(.broken, "\(fault)")
      case .newerFormat, .full: .ended(.failed, "\(fault)")
      }
  }
}

// MARK: - Making

private func makeKey(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let path = invocation[newFile]
  try makeKeyFile(at: path, unlessThere: false)
  if invocation[eventsJSON] {
    try output.print(json: .object(["file": .string(escaped(path))]))
  } else {
    try output.print("\(escaped(path)) holds a new key; without it nothing sealed can be read")
  }
  return .done
}

/// Makes a file with a new key, durably; one that is there is left as it is, and is an error unless
/// it may be there.
func makeKeyFile(at path: [UInt8], unlessThere: Bool) throws(Failure) {
  let key = KeyEncryptionKey(from: .live)
  do throws(DiskError) {
    let (directory, name) = try place(of: path)
    let disk = try PosixDisk(root: directory)
    if unlessThere, try disk.status(at: name) != nil { return }
    var file = try AtomicReplace(name, mode: 0o600, on: disk, entropy: .live)
    try key.withFileBytes { (bytes: Span<UInt8>) throws(DiskError) in try file.append(bytes) }
    try file.commit(replacing: false)
  } catch .exists {
    throw .ended(.failed, "'\(escaped(path))' exists already, and a key is never replaced")
  } catch {
    throw .ended(.failed, "'\(escaped(path))' was not made: \(error)")
  }
}

/// A file's directory, and its name there.
func place(of path: [UInt8]) throws(DiskError) -> (directory: [UInt8], name: FilePath) {
  let slash = path.lastIndex(of: UInt8(ascii: "/"))
  let directory = slash.map { $0 == 0 ? [UInt8(ascii: "/")] : Array(path[..<$0]) } ?? [0x2E]
  return (directory, try FilePath(bytes: Array(path[(slash.map { $0 + 1 } ?? 0)...])))
}

// MARK: - Shredding

private func shred(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let scope = invocation[target]
  let reader = try openReader(invocation)
  let extent = try storing { () throws(StoreError) in try reader.extent(of: scope) }
  if invocation[dryRun] {
    try tell(scope, extent, nil, invocation, &output)
    return .done
  }
  let keys = try storeKeys(invocation)
  if !invocation[yes] { try ask(scope, extent, &output) }
  let disk = try storeDisk(invocation, readOnly: false)
  let store = try storing { () throws(StoreError) in
    try EventStore.open(on: disk, creating: false, StoreOptions(keys: keys))
  }
  let result: Result<Receipt, StoreError>
  do throws(StoreError) {
    result = .success(try store.shred(scope))
  } catch {
    result = .failure(error)
  }
  try storing { () throws(StoreError) in try store.close() }
  let receipt = try storing { () throws(StoreError) in try result.get() }
  try tell(scope, extent, receipt, invocation, &output)
  return .done
}

/// Has a person say that it is meant; where nobody sits, `--yes` must have been given.
private func ask(
  _ scope: KeyScope, _ extent: SealedExtent, _ output: inout Output
) throws(Failure) {
  let input: UserFile
  do throws(DiskError) {
    input = try .standardInput()
  } catch {
    throw .ended(.misused, "a shred cannot be undone; give --yes where nobody can be asked")
  }
  guard input.isTerminal else {
    throw .ended(.misused, "a shred cannot be undone; give --yes where nobody can be asked")
  }
  output.say(
    "\(extent.events) events of \(escaped(scope.description)) with \(extent.bytes) bytes can never "
      + "be read again; type shred to go on")
  var lines = LineReader(input, bytesMax: 1_024)
  guard case .line(let answer) = lines.next(), answer.elementsEqual("shred".utf8) else {
    throw .ended(.refused, "nothing was destroyed")
  }
}

private func tell(
  _ scope: KeyScope, _ extent: SealedExtent, _ receipt: Receipt?, _ invocation: Invocation,
  _ output: inout Output
) throws(Failure) {
  let name = escaped(scope.description)
  if invocation[eventsJSON] {
    return try output.print(
      json: .object([
        "dryRun": .bool(receipt == nil), "scope": .string(name),
        "events": JSONValue(extent.events), "bytes": JSONValue(extent.bytes),
        "receipt": JSONValue(receipt.map { base64($0.encoded) }),
      ]))
  }
  let amount = "\(extent.events) events of \(name) with \(extent.bytes) bytes"
  try output.print(
    receipt.map { "\(amount) can never be read again; recorded as \($0.id)" }
      ?? "\(amount) would become unreadable")
}

extension Spelling where Value == KeyGranularity {
  /// `entity`, `category`, `kind` or `event`.
  fileprivate static var granularity: Spelling {
    Spelling(
      placeholder: "BY", wanted: "entity, category, kind or event",
      completion: .words(KeyGranularity.allCases.map(\.description)),
      read: { KeyGranularity(parsing: String(decoding: $0, as: UTF8.self)) },
      write: \.description)
  }
}

extension Spelling where Value == [KindFilter] {
  /// Kinds and categories, with commas between.
  fileprivate static var kindFilters: Spelling {
    Spelling(
      placeholder: "KINDS", wanted: "kinds C.TTT or categories C, with commas between",
      read: { bytes in
        let words = String(decoding: bytes, as: UTF8.self).split(
          separator: ",", omittingEmptySubsequences: false)
        let filters = words.compactMap { word -> KindFilter? in
          if let kind = EventKind(parsing: String(word)) { return .exactly(kind) }
          guard word.utf8.count == 1 else { return nil }
          return UInt8(word, radix: 16).map { .category($0) }
        }
        return filters.count == words.count ? filters : nil
      },
      write: { filters in
        filters.map { filter in
          switch filter {
          case .any: "any"
          case .category(let category): String(category, radix: 16)
          case .exactly(let kind): "\(kind)"
          }
        }.joined(separator: ",")
      })
  }
}

extension Spelling where Value == KeyScope {
  /// What a key seals, and a colon before its name.
  fileprivate static var keyScope: Spelling {
    Spelling(
      placeholder: "SCOPE",
      wanted: "entity:NAME, category:C, kind:C.TTT or event:ID",
      read: { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let name = text[text.index(after: colon)...]
        switch KeyGranularity(parsing: text[..<colon]) {
        case .entity: return name.isEmpty ? nil : .entity(String(name))
        case .category:
          return UInt8(name, radix: 16).flatMap { $0 < 16 ? .category($0) : nil }
        case .kind: return EventKind(parsing: name).map { .kind($0) }
        case .event: return EventID(parsing: name).map { .event($0) }
        case nil: return nil
        }
      },
      write: { scope in
        switch scope {
        case .entity(let name): "entity:\(name)"
        case .category(let category): "category:\(String(category, radix: 16))"
        case .kind(let kind): "kind:\(kind)"
        case .event(let id): "\(id)"
        }
      })
  }
}
