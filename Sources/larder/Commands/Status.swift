// `larder status --config F`: one screen of what is known of a depot. It reads what is written down on
// the disk, whether an engine runs or not, says which, and how old that is; it changes nothing.

import Ambient
import Bytes
import CacheEngine
import Flags
import Triage
import Views

private let config = Flag("config", required: .path("FILE"), "The configuration.")
private let json = Flag("json", "Print JSON.")

/// Shows how a depot is.
let statusCommand: Command<Action> = Command(
  "status", "Show how a depot is, on one screen.",
  details: """
    It reads what is written down in the state directory, up to the last events of an engine that runs, \
    or as the last one left it; nothing is written. What only a running engine knows, such as how fast \
    its transfers are, is in its metrics and on its console.
    """,
  examples: [
    .init("larder status --config /etc/larder.json5", "How the depot is."),
    .init("larder status --config /etc/larder.json5 --json", "The same for a script."),
  ],
  takes: [config, json], action: Action(status))

private func status(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let depot = try DepotOnDisk(invocation[config], invocation)
  let snapshot = depot.snapshot()
  let last = try depot.lastEvent()
  try depot.close()
  if invocation[json] {
    try output.print(json: [
      "engine": depot.engine.map { ["process": JSONValue($0)] } ?? .null,
      "lastEvent": JSONValue(last.map { "\($0)" }), "snapshot": snapshot.json,
    ])
    return .done
  }
  try output.print(snapshot.depot)
  try output.print(
    (depot.engine.map { "an engine keeps it, process \($0); " } ?? "no engine runs; ")
      + (last.map { "the last event is \((snapshot.taken - $0).inWords) old" }
        ?? "nothing is written down yet"))
  try output.print()
  for line in StatusScreen(snapshot).lines { try output.print(line) }
  var triage = Triage()
  let conditions = triage.judge(snapshot)
  guard !conditions.isEmpty else { return .done }
  try output.print()
  for condition in conditions {
    try output.print("\(condition.severity): \(condition.diagnosis.title)")
    try output.print("  \(condition.diagnosis.cause)")
    try output.print("  \(condition.diagnosis.remedy.advice)")
  }
  return .done
}

/// A snapshot as lines of text.
struct StatusScreen {
  private let snapshot: EngineSnapshot

  init(_ snapshot: EngineSnapshot) {
    self.snapshot = snapshot
  }

  /// The lines, each at most 80 characters wide with the figures that there may be.
  var lines: [String] { files + [""] + cache + [""] + log }

  private var files: [String] {
    let files = snapshot.files
    let oldest = snapshot.uploads.oldest.map { ", the oldest for \((snapshot.taken - $0).inWords)" }
    let waiting = snapshot.uploads.waiting.files
    return [
      row("files", files.all, ""),
      row("  dirty", files.dirty, files.dirty.files == 0 ? "" : "not stored yet" + (oldest ?? "")),
      row("  failed", files.failed, files.failed.files == 0 ? "" : "gave up; see 'uploads list'"),
      row("  hot", files.hot, "stored, and in the depot"),
      row("  cold", files.cold, "stored, and not in the depot"),
      row("  shredded", files.shredded, ""),
    ] + (files.pinned.files == 0 ? [] : [row("pinned", files.pinned, "never evicted")])
      + (waiting == 0
        ? [] : [row("waiting", snapshot.uploads.waiting, "for their next attempt")])
  }

  private var cache: [String] {
    let cache = snapshot.cache
    let free = cache.diskFree.map { "\($0)" } ?? "not known"
    return [
      "cache".padded(12) + "\(cache.used) of \(cache.ceiling)"
        + (cache.evictable.map { "; \($0) can be evicted" } ?? ""),
      "disk free".padded(12) + free,
    ]
  }

  private var log: [String] {
    let behind = snapshot.manifest.lag
    let oddities = snapshot.manifest.oddities
    return [
      "events".padded(12) + "\(snapshot.eventStore.visible)"
        + (behind == 0 ? "" : "; the manifest is \(behind) behind")
        + (oddities == 0 ? "" : "; \(oddities) made no sense")
    ]
  }

  private func row(_ name: String, _ tally: Tally, _ remark: String) -> String {
    let figures =
      name.padded(12) + "\(tally.files)".aligned(12) + "\(ByteCount(tally.bytes))".aligned(12)
    return remark.isEmpty ? figures : figures + "  " + remark
  }
}

extension String {
  fileprivate func padded(_ width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }

  fileprivate func aligned(_ width: Int) -> String {
    String(repeating: " ", count: max(1, width - count)) + self
  }
}
