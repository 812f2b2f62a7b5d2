// `larder manifest …`: the files of a depot, from its state directory, with no engine running or
// beside one. Everything but `rebuild` only looks, and writes nothing there: what must be folded
// together first is copied to a temporary directory.

import Ambient
import Bytes
import DurableFiles
import EventStore
import Flags
import Manifest
import Views

private let stateDirectory = Flag(
  "state", .directory(), default: Array(".p4cache".utf8),
  "The state directory of the depot, which holds 'events' and the manifest.")
private let json = Flag("json", "Print JSON, one object a line.")
private let filterText = Flag(
  "filter", optional: .text("FILTER"), "Only files that pass, as in 'state:dirty size>1G art'.")
private let order = Flag(
  "order", .choice(placeholder: "ORDER") as Spelling<RowOrder>, default: .path,
  "In which order files are listed.")
private let descending = Flag("descending", "The last of the order first.")
private let limit = Flag("limit", .integer(1...1_000_000), default: 100, "At most so many.")
private let afterPath = Flag(
  "after", optional: .path("PATH"), "Go on behind this file, wherever it is in the order.")
private let fromBackend = Flag(
  "from-backend", "Take over what cold storage has; for when everything local was lost.")
private let config = Flag(
  "config", optional: .path("FILE"), "The configuration, with --from-backend.")
private let file = Argument(.path("PATH"), "The file, below the depot.")

/// The commands on a depot's manifest.
let manifestCommand: Command<Action> = Command(
  "manifest", "Show the files of a depot, and make its manifest again.",
  details: """
    The manifest is what the event store has made of every file. A filter is made of words, all of \
    which must fit: bare words are letters of the path in this order; state:dirty, copy:hot, \
    pinned:yes, size>1G, age<10m, read<30d, path:art/**, /expression/ and "words" ask for more; '!' \
    negates, 'or' divides.
    """,
  examples: [
    .init("larder manifest summary --state /depot/.p4cache", "Files and bytes by state."),
    .init(
      "larder manifest list --filter 'state:dirty age>1h' --order state",
      "What has waited for long."),
    .init("larder manifest show art/hero.psd", "One file and its history."),
  ],
  commands: [
    Command(
      "summary", "Count files and bytes by state.", takes: [stateDirectory, json],
      action: Action(summary)),
    Command(
      "list", "List files.",
      takes: [stateDirectory, filterText, order, descending, limit, afterPath, json],
      action: Action(list)),
    Command(
      "show", "Show one file and its history.", takes: [stateDirectory, file, limit, json],
      action: Action(show)),
    Command(
      "rebuild", "Make the manifest again from the log.",
      details: """
        The present manifest is moved aside. The event store must not be open elsewhere, for nobody \
        may use the manifest meanwhile. An engine does this by itself when it must.

        With --from-backend the cold store is read instead, whose objects say which files they are: those \
        that the log does not know become cold files with their mode, owner and time, and what stands in \
        the depot is compared with them. A file that was deleted and whose object was still there comes \
        back. Sealed objects are counted and left, for only the lost log names their keys, and then the \
        exit code is 4. It may be interrupted and given again.
        """,
      examples: [
        .init(
          "larder manifest rebuild --from-backend --config /etc/larder.json5",
          "On a new machine, with an empty depot.")
      ],
      takes: [stateDirectory, fromBackend, config, json], action: Action(rebuild)),
  ])

// MARK: - Commands

private func summary(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  try looking(invocation) { (manifest) throws(Failure) in
    let counts = manifest.counts()
    let oddities = try asking { () throws(ManifestError) in try manifest.oddities(limit: 5) }
    if invocation[json] {
      var states = JSONObject()
      for state in FileState.allCases {
        states["\(state)"] = [
          "hot": object(counts[state, hot: true]), "cold": object(counts[state, hot: false]),
        ]
      }
      try output.print(json: [
        "total": object(counts.total), "states": .object(states),
        "oddities": JSONValue(oddities.count),
      ])
      return
    }
    try output.print("\(counts.total.files) files, \(ByteCount(counts.total.bytes))")
    for state in FileState.allCases where counts[state].files > 0 {
      let (hot, cold) = (counts[state, hot: true], counts[state, hot: false])
      try output.print(
        "  \(state): \(hot.files) hot (\(ByteCount(hot.bytes))), "
          + "\(cold.files) cold (\(ByteCount(cold.bytes)))")
    }
    guard oddities.count > 0 else { return }
    try output.print("\(oddities.count) events made no sense; the last of them:")
    for oddity in oddities.last {
      try output.print("  event \(oddity.sequence), \(oddity.path): \(oddity.sentence)")
    }
  }
}

private func list(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let filter = try filter(invocation)
  return try looking(invocation) { (manifest) throws(Failure) in
    let order = invocation[order]
    var place: RowPlace?
    if let bytes = invocation[afterPath] {
      let path = try filePath(bytes)
      place = try asking { () throws(ManifestError) in try manifest.place(of: path, in: order) }
      guard place != nil else { throw .ended(.failed, "the manifest has no file \(path)") }
    }
    var left = invocation[limit]
    while left > 0 {
      let query = RowQuery(
        order, invocation[descending] ? .descending : .ascending, limit: min(left, 1_000))
      let page = try asking { () throws(ManifestError) in
        try manifest.search(query, filter, at: WallClock.live.now(), after: place)
      }
      for row in page.rows { try print(row, invocation, &output) }
      left -= page.rows.count
      place = page.next
      if place == nil { break }
    }
  }
}

private func show(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let path = try filePath(invocation[file])
  var found = true
  try looking(invocation) { (manifest) throws(Failure) in
    let (row, page) = try asking { () throws(ManifestError) in
      (
        try manifest.row(at: path),
        try manifest.history(of: path, limit: min(invocation[limit], 10_000))
      )
    }
    found = row != nil || !page.entries.isEmpty
    if let row { try print(row, invocation, &output) }
    for entry in page.entries {
      if invocation[json] {
        try output.print(json: [
          "event": .string("\(entry.id)"), "time": .string("\(entry.place.time)"),
          "transition": .string(entry.event.transition.name),
          "generation": JSONValue(entry.place.generation),
        ])
      } else {
        try output.print(
          "  \(entry.place.time)  \(entry.event.transition.name)  \(entry.id)")
      }
    }
  }
  guard found else { throw .ended(.failed, "the manifest has no file \(path)") }
  return .done
}

private func rebuild(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  if invocation[fromBackend] {
    guard let config = invocation[config] else {
      throw .ended(.misused, "--from-backend wants --config, which names the cold store")
    }
    return try recoverManifest(config, asJSON: invocation[json], invocation, &output)
  }
  let path = invocation[stateDirectory]
  let disk = try disk(path, readOnly: false)
  // Whoever has the store has the manifest, so nobody uses it while it is made.
  let store = try storing { () throws(StoreError) in
    try EventStore.open(on: try eventsDisk(path, readOnly: false), creating: false)
  }
  var line = output.progress("rebuilding", .items, total: nil)
  let counts = try asking { () throws(ManifestError) in
    let manifest = try Manifest.open(
      .directory(disk, path: path), log: store.reader, ManifestOptions(applying: .inline))
    try manifest.rebuild { line.update(done: Int64($0.events)) }
    try manifest.close()
    return manifest.counts()
  }
  try storing { () throws(StoreError) in try store.close() }
  if invocation[json] {
    try output.print(json: ["total": object(counts.total)])
  } else {
    try output.print("\(counts.total.files) files, \(ByteCount(counts.total.bytes))")
  }
  return .done
}

// MARK: - Opening

/// Lends the manifest without changing anything beside it.
@discardableResult
private func looking(
  _ invocation: Invocation, _ body: (Manifest) throws(Failure) -> Void
) throws(Failure) -> ExitCode {
  let path = invocation[stateDirectory]
  let disk = try disk(path, readOnly: true)
  let reader = try storing { () throws(StoreError) in
    try EventReader.open(on: try eventsDisk(path, readOnly: true))
  }
  let temporary = try TemporaryDirectory()
  defer { temporary.remove() }
  let manifest = try asking { () throws(ManifestError) in
    try Manifest.openFrozen(
      on: disk, path: path, log: reader, scratch: (temporary.disk, temporary.path))
  }
  try body(manifest)
  try asking { () throws(ManifestError) in try manifest.close() }
  return .done
}

private func disk(_ path: [UInt8], readOnly: Bool) throws(Failure) -> PosixDisk {
  do throws(DiskError) { return try PosixDisk(root: path, readOnly: readOnly) } catch {
    throw .ended(.failed, "\(error)")
  }
}

private func eventsDisk(_ path: [UInt8], readOnly: Bool) throws(StoreError) -> PosixDisk {
  do throws(DiskError) {
    return try PosixDisk(root: path + Array("/events".utf8), readOnly: readOnly)
  } catch {
    throw .disk(error)
  }
}

private func asking<Result>(
  _ body: () throws(ManifestError) -> Result
) throws(Failure) -> Result {
  do throws(ManifestError) { return try body() } catch {
    if case .log(let error) = error { throw Failure(error) }
    throw .ended(error.isLoss ? .broken : .failed, "\(error)")
  }
}

// MARK: - Words

private func filePath(_ bytes: [UInt8]) throws(Failure) -> FilePath {
  do throws(DiskError) { return try FilePath(bytes: bytes) } catch {
    throw .ended(.misused, "\(error)")
  }
}

private func filter(_ invocation: Invocation) throws(Failure) -> Filter {
  do throws(FilterError) {
    return try Filter(parsing: invocation[filterText] ?? "", FileRow.vocabulary)
  } catch {
    throw .ended(
      .misused, "the filter is wrong at character \(error.position + 1): \(error.description)")
  }
}

private func object(_ amount: Amount) -> JSONValue {
  ["files": JSONValue(amount.files), "bytes": JSONValue(amount.bytes)]
}

private func print(
  _ row: FileRow, _ invocation: Invocation, _ output: inout Output
) throws(Failure) {
  guard invocation[json] else {
    let fault = row.lastFault.map { "  (\(escaped($0)))" } ?? ""
    return try output.print(
      "\(row.state) \(row.isHot ? "hot" : "cold")  \(ByteCount(row.size))  \(row.path)\(fault)")
  }
  try output.print(json: row.view().json)
}
