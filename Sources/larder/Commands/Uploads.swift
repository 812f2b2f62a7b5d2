// `larder uploads list`: what is not stored yet, from what is written down on the disk, whether an engine
// runs or not.

import Ambient
import Bytes
import CacheEngine
import Flags
import Manifest
import Views

private let config = Flag("config", required: .path("FILE"), "The configuration.")
private let json = Flag("json", "Print JSON, one object a line.")
private let limit = Flag("limit", .integer(1...1_000_000), default: 100, "At most so many.")
private let part = Flag(
  "part", .choice(placeholder: "PART") as Spelling<UploadPart>, default: .all,
  "Which of them: 'queued' wait for their turn, 'waiting' for their next attempt, 'failed' for you."
)

/// Which files that are not stored.
private enum UploadPart: String, CaseIterable {
  case all, queued, waiting, failed
}

/// The commands on uploads.
let uploadsCommand: Command<Action> = Command(
  "uploads", "Show what is not stored yet, try it again, pause and resume.",
  examples: [
    .init("larder uploads list --config /etc/larder.json5", "What is not stored, and why."),
    .init(
      "larder uploads list --config /etc/larder.json5 --part failed --json",
      "What gave up, for a script."),
  ],
  commands: [
    Command(
      "list", "List files that are not stored yet, those first that need you.",
      details: "The exit code is 0 whatever there is; 'larder drain' tells whether all is stored.",
      takes: [config, part, limit, json], action: Action(list))
  ] + uploadSteeringCommands)

private func list(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let depot = try DepotOnDisk(invocation[config], invocation)
  let wanted = invocation[part]
  var left = invocation[limit]
  var listed = 0
  for part in [UploadPart.failed, .waiting, .queued] where [part, .all].contains(wanted) {
    var place: QueuePlace?
    repeat {
      let page = try page(depot.manifest, part, place, min(left, 1_000))
      for row in page.rows.prefix(left) {
        try print(row.view(), part, invocation, &output)
        listed += 1
      }
      left -= min(left, page.rows.count)
      place = page.next
    } while place != nil && left > 0
    if left == 0 { break }
  }
  try depot.close()
  if listed == 0, !invocation[json] { output.say("every file is stored") }
  return .done
}

private func page(
  _ manifest: Manifest, _ part: UploadPart, _ place: QueuePlace?, _ limit: Int
) throws(Failure) -> QueuePage {
  do throws(ManifestError) {
    return switch part {
    case .failed: try manifest.failed(after: place, limit: limit)
    case .waiting:
      try manifest.due(by: WallTime(microseconds: .max), after: place, limit: limit)
    case .queued, .all: try manifest.dirty(after: place, limit: limit)
    }
  } catch {
    throw .ended(.failed, "\(error)")
  }
}

private func print(
  _ file: FileView, _ part: UploadPart, _ invocation: Invocation, _ output: inout Output
) throws(Failure) {
  if invocation[json] { return try output.print(json: file.json) }
  let remark =
    switch part {
    case .failed: "gave up after \(file.attempts) attempts"
    case .waiting: file.retryAt.map { "again at \($0), tried \(file.attempts) times" } ?? ""
    case .queued, .all: "since \(file.changed)"
    }
  let fault = file.fault.map { ": \(escaped($0))" } ?? ""
  try output.print(
    "\(part.rawValue)  \(ByteCount(file.size))  \(escaped(file.path))  \(remark)\(fault)")
}
