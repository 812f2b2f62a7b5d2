// `larder manifest rebuild --from-backend`: everything local was lost, and cold storage has the files. An
// engine of its own takes over what the store says, as cold files, and compares what stands in the
// depot with that. It may be interrupted and given again: what is known already is left alone.

import Ambient
import Bytes
import CacheEngine
import Flags

/// Takes over what cold storage has, and says what came of it.
func recoverManifest(
  _ config: [UInt8], asJSON: Bool, _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  var line = output.progress("recovering", .items, total: nil)
  let found = try withIdleEngine(config, invocation) { (engine) throws(Failure) in
    try reporting { () throws(EngineError) in
      try engine.recoverFromBackend(Cancellation()) { found in
        line.update(done: Int64(clamping: found.adopted + found.known))
      }
    }
  }
  line.end()
  if asJSON {
    try output.print(json: [
      "adopted": JSONValue(found.adopted), "bytes": JSONValue(found.bytes),
      "known": JSONValue(found.known), "sealed": JSONValue(found.sealed),
      "unknown": JSONValue(found.unknown),
    ])
  } else {
    try output.print(
      "\(found.adopted) files (\(ByteCount(Int64(clamping: found.bytes)))) are known again and cold; "
        + "\(found.known) were known")
    if found.sealed > 0 {
      try output.print(
        "\(found.sealed) sealed objects were left: only the lost log names their keys")
    }
    if found.unknown > 0 {
      try output.print("\(found.unknown) objects say nothing of a file and were left")
    }
  }
  return found.sealed == 0 ? .done : .broken
}
