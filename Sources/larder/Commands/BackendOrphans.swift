// `larder backend orphans`: objects that nothing accounts for, and with `--rows` files whose object is gone.
// Without `--delete` nothing is changed. The engine must not run, so that nothing is on its way.

import Ambient
import Bytes
import CacheEngine
import ColdStorage
import Flags

private let config = Flag("config", required: .path("FILE"), "The configuration.")
private let asJSON = Flag("json", "Print JSON, one object a line.")
private let delete = Flag(
  "delete", "Remove the objects that are of no use; without it nothing is changed.")
private let rows = Flag(
  "rows", "Also look for files whose object is gone: one call for each file.")
private let grace = Flag(
  "grace", .duration(), default: .seconds(86_400),
  "Objects that were stored less than this ago are left alone.")

/// Lists what nobody accounts for.
let backendOrphansCommand: Command<Action> = Command(
  "orphans", "List objects that no file needs, and remove them when told to.",
  details: """
    'unaccounted' is an object of a file that the log knows, which neither its row nor the list of \
    objects to be removed names: an upload was cut off before its event. --delete removes these. \
    'unknown' is one of a file that the log never knew, and 'missing' a file whose object is gone; \
    neither is ever removed here. When everything is unknown, the local state was lost, and \
    'larder manifest rebuild --from-backend' takes it over. Where the store is shared nothing is removed. \
    The exit code is 4 when an object is missing.
    """,
  examples: [
    .init("larder backend orphans --config /etc/larder.json5", "A dry run."),
    .init(
      "larder backend orphans --config /etc/larder.json5 --delete", "Remove what is of no use."),
  ],
  takes: [config, delete, rows, grace, asJSON], action: Action(orphans))

/// How many there are of a kind, and what they hold.
private struct Sum {
  var objects = 0
  var bytes: UInt64 = 0

  mutating func add(_ count: UInt64) {
    objects += 1
    bytes += count
  }

  var text: String { "\(objects) (\(ByteCount(Int64(clamping: bytes))))" }
}

private func orphans(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  var (unaccounted, unknown, missing) = (Sum(), Sum(), Sum())
  var removed = 0
  var out = output
  try withIdleEngine(invocation[config], invocation) { (engine) throws(Failure) in
    if invocation[delete], engine.settings.depot.sharesColdTier {
      throw .ended(
        .refused, "the configuration says 'shared_cold_tier': other servers may need them")
    }
    var failure: Failure?
    func tell(_ finding: ObjectFinding) throws(EngineError) {
      let word: String
      let key: ObjectKey
      switch finding {
      case .unaccounted(let object, _, let bytes):
        (word, key) = ("unaccounted", object)
        unaccounted.add(bytes)
      case .unknown(let object, let bytes):
        (word, key) = ("unknown", object)
        unknown.add(bytes)
      case .missing(let object, _, let bytes):
        (word, key) = ("missing", object)
        missing.add(bytes)
      }
      let isRemoved = invocation[delete] ? try engine.removeUnaccounted(finding) : false
      if isRemoved { removed += 1 }
      do throws(Failure) {
        if invocation[asJSON] {
          try out.print(json: [
            "finding": .string(word), "object": .string("\(key)"), "removed": .bool(isRemoved),
          ])
        } else {
          try out.print("\(word)\(isRemoved ? ", removed" : "")  \(key)")
        }
      } catch {
        failure = failure ?? error
      }
    }
    try reporting { () throws(EngineError) in
      try engine.eachUnaccountedObject(olderThan: invocation[grace], Cancellation()) {
        (finding) throws(EngineError) in try tell(finding)
      }
      if invocation[rows] {
        try engine.eachMissingObject(Cancellation()) { (finding) throws(EngineError) in
          try tell(finding)
        }
      }
    }
    if let failure { throw failure }
  }
  output = out
  if !invocation[asJSON] {
    try output.print(
      "unaccounted: \(unaccounted.text), of which \(removed) were removed; unknown: \(unknown.text)"
        + (invocation[rows] ? "; missing: \(missing.text)" : ""))
  }
  return missing.objects == 0 ? .done : .broken
}
