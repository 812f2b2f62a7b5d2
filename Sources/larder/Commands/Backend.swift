// `larder backend …`: the cold stores of a configuration, by hand. Each command opens one store, does
// one thing and says what it did; nothing here is kept from one to the next.

import Ambient
import Bytes
import ColdStorage
import Digests
import DurableFiles
import Flags
import Telemetry

private let config = Flag("config", required: .path("FILE"), "The configuration.")
private let role: Flag<BackendRole> = Flag(
  "backend", .choice(placeholder: "ROLE"), default: .primary, "Which of its stores.")
private let asJSON = Flag("json", "Print JSON.")
private let key = Argument(.path("KEY"), "The name of the object, relative to the store.")
private let keys = Argument(
  repeated: .path("KEY"), counts: 1...repetitionsMax, "The names of the objects.")
private let source = Argument(.path("FILE"), "The file to store.")
private let target = Argument(.path("FILE"), "The file to make.")
private let prefix = Argument(
  optional: .path("PREFIX"), "What the names begin with; all, when left out.")
private let ifAbsent = Flag("if-absent", "Only when there is no such object yet.")
private let replace = Flag("replace", "Replace the file when there is one.")
private let metadata = Flag(
  "metadata", repeated: .text("NAME=VALUE"), counts: 0...32, "Metadata of the object.")

/// The group of commands on cold stores.
let backendCommand: Command<Action> = Command(
  "backend", "Try and use the cold stores of a configuration.",
  commands: [
    Command(
      "test", "Find out whether a store works.",
      details: """
        A small object of a new name is put, looked at, read, read in part, listed and deleted. What \
        interrupted transfers of larder's left long ago is removed, and what nobody accounts for is \
        named. The exit code is 0 when all of it went well.
        """,
      takes: [config, role, asJSON], action: Action(test)),
    Command(
      "put", "Store a file as an object.",
      examples: [
        .init("larder backend put --config F a.c,v main/a.c,v", "Store a file.")
      ],
      takes: [source, key, config, role, ifAbsent, metadata, asJSON], action: Action(put)),
    Command(
      "get", "Write an object to a file, which appears whole or not at all.",
      takes: [key, target, config, role, replace, asJSON], action: Action(get)),
    Command(
      "head", "Tell what is known of an object.", takes: [key, config, role, asJSON],
      action: Action(head)),
    Command(
      "list", "List objects in the byte order of their names.",
      details: "With --json, each line is one object.",
      takes: [prefix, config, role, asJSON], action: Action(list)),
    backendOrphansCommand,
    Command("rm", "Delete objects.", takes: [keys, config, role], action: Action(remove)),
  ])

private func test(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let store = try openStore(invocation)
  let probe = try reporting { () throws(StorageError) in
    try StorageProbe.run(store, clock: .live, entropy: .live)
  }
  if invocation[asJSON] {
    let steps = probe.steps.map { step -> JSONValue in
      [
        "step": .string(step.name), "milliseconds": .number(step.latency.inSeconds * 1_000),
        "error": JSONValue(step.failure?.description),
      ]
    }
    let features = store.capabilities.features.map(\.rawValue).sorted()
    try output.print(json: [
      "backend": .string(store.name), "ok": .bool(probe.isWell), "steps": .array(steps),
      "capabilities": .array(features.map { .string($0) }),
      "removed": JSONValue(probe.leftovers.removed), "orphans": JSONValue(probe.leftovers.orphans),
      "named": .array(probe.leftovers.named.map { .string($0) }),
    ])
  } else {
    for step in probe.steps {
      let name = step.name + String(repeating: " ", count: max(0, 8 - step.name.utf8.count))
      let verdict = step.failure == nil ? "ok      \(spelled(step.latency))" : "FAILED"
      try output.print(name + verdict)
    }
    if probe.leftovers.removed > 0 {
      try output.print("removed \(probe.leftovers.removed) unfinished transfers")
    }
    for name in probe.leftovers.named { try output.print("orphan  \(name)") }
    let unnamed = probe.leftovers.orphans - probe.leftovers.named.count
    if unnamed > 0 { try output.print("orphans \(unnamed) more") }
  }
  guard let failure = probe.failure else { return .done }
  throw .ended(failure.exitCode, "\(failure)")
}

private func put(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let key = try objectKey(invocation[key])
  var request = UploadRequest(metadata: try objectMetadata(invocation[metadata]))
  if invocation[ifAbsent] { request.condition = .ifAbsent }
  let store = try openStore(invocation)
  let source = try UserFileSource(invocation[source])
  let asked = request
  let transfer = try transferring("storing", total: source.size, output) {
    (progress) throws(StorageError) in
    var request = asked
    request.progress = progress
    return try store.upload(key, from: source, request)
  }
  try report(passed(transfer), invocation, &output)
  return .done
}

private func get(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let key = try objectKey(invocation[key])
  let store = try openStore(invocation)
  let file = try NewFile(invocation[target])
  let size = try reporting { () throws(StorageError) in try store.head(key)?.size }
  let transfer = try transferring("reading", total: size, output) {
    (progress) throws(StorageError) in
    try store.download(key, to: file.sink, DownloadRequest(progress: progress))
  }
  try file.commit(replacing: invocation[replace])
  try report(passed(transfer), invocation, &output)
  return .done
}

/// The object of a transfer, with what its bytes hashed to on their way: a store need not know that
/// of an object that went in parts.
private func passed(_ transfer: Transfer) -> ObjectStatus {
  var object = transfer.object
  object.digest = transfer.digest
  return object
}

private func head(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let key = try objectKey(invocation[key])
  let store = try openStore(invocation)
  let status = try reporting { () throws(StorageError) in
    guard let status = try store.head(key) else { throw .absent(key) }
    return status
  }
  try report(status, invocation, &output)
  return .done
}

private func list(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let store = try openStore(invocation)
  var request = ListRequest(prefix: invocation[prefix] ?? [])
  while true {
    let page = try reporting { () throws(StorageError) in try store.list(request) }
    for object in page.objects {
      if invocation[asJSON] {
        let value: JSONValue = [
          "key": .string("\(object.key)"), "size": JSONValue(object.size),
          "etag": .string(object.etag.text), "modified": .string("\(object.modified)"),
        ]
        try output.print(value.text())
      } else {
        let size = "\(object.size)"
        let padding = String(repeating: " ", count: max(0, 15 - size.utf8.count))
        try output.print("\(padding)\(size)  \(object.modified)  \(object.key)")
      }
    }
    try output.flush()
    guard let next = page.next else { return .done }
    request.after = next
  }
}

private func remove(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  var wanted: [ObjectKey] = []
  for bytes in invocation[keys] { wanted.append(try objectKey(bytes)) }
  let store = try openStore(invocation)
  for key in wanted {
    try reporting { () throws(StorageError) in try store.delete(key, DeleteRequest()) }
  }
  return .done
}

/// Opens the store that the command line names.
private func openStore(_ invocation: Invocation) throws(Failure) -> any ObjectStore {
  // The file may be an engine's whole configuration, or no more than its stores.
  let configuration = try readConfiguration(
    invocation[config], EngineConfiguration.settings.partial, invocation)
  let surroundings: StorageSurroundings
  do throws(TelemetryError) {
    surroundings = StorageSurroundings(
      metrics: try StorageMetrics(MetricRegistry()), log: .none)
  } catch {
    preconditionFailure("an empty registry has every name free: \(error)")
  }
  return try EngineConfiguration.backend(invocation[role]).open(
    configuration, from: invocation[config], surroundings)
}

private func objectKey(_ bytes: [UInt8]) throws(Failure) -> ObjectKey {
  try reporting { () throws(StorageError) in try ObjectKey(bytes: bytes) }
}

private func objectMetadata(_ words: [String]) throws(Failure) -> ObjectMetadata {
  var metadata = ObjectMetadata()
  for word in words {
    guard let equals = word.firstIndex(of: "=") else {
      throw .ended(.misused, "--metadata wants NAME=VALUE, not '\(escaped(word))'")
    }
    metadata[String(word[..<equals])] = String(word[word.index(after: equals)...])
  }
  try reporting { () throws(StorageError) in try metadata.check() }
  return metadata
}

private func report(
  _ object: ObjectStatus, _ invocation: Invocation, _ output: inout Output
) throws(Failure) {
  if invocation[asJSON] {
    var entries = JSONObject()
    for (name, value) in object.metadata.entries.sorted(by: { $0.key < $1.key }) {
      entries[name] = .string(value)
    }
    return try output.print(json: [
      "key": .string("\(object.key)"), "size": JSONValue(object.size),
      "etag": .string(object.etag.text), "blake3": JSONValue(object.digest?.description),
      "modified": .string("\(object.modified)"), "type": JSONValue(object.contentType),
      "metadata": .object(entries),
    ])
  }
  try output.print("key       \(object.key)")
  try output.print("size      \(object.size) (\(ByteCount(object.size)))")
  try output.print("version   \(object.etag)")
  if let digest = object.digest { try output.print("blake3    \(digest)") }
  try output.print("modified  \(object.modified)")
  if let type = object.contentType { try output.print("type      \(escaped(type))") }
  for (name, value) in object.metadata.entries.sorted(by: { $0.key < $1.key }) {
    try output.print("metadata  \(escaped(name))=\(escaped(value))")
  }
}

private func spelled(_ latency: Duration) -> String {
  let tenths = latency.wholeMicroseconds / 100
  return "\(tenths / 10).\(tenths % 10) ms"
}
