// What can be made to go wrong in a sandbox, by the names that triage has for it. Each comes through a
// door that exists, so the engine meets it as it would meet the real one:
//
//   the cold store's disk   backend.down, backend.refusing, backend.slow, uploads.failed, uploads.old,
//                           cache.stuck
//   the depot's disk        depot.full
//   the events' disk        events.latched, manifest.rebuilding (with the tables taken away before)
//   the wall clock          uploads.old: it ran behind while the first files were written
//   bytes on the cold disk  files.integrity
//   the watcher             watcher.degraded, watcher.overflowed

/// A fault that can be staged.
package enum Fault: String, CaseIterable, Hashable, Sendable {
  case backendDown = "backend.down"
  case backendRefusing = "backend.refusing"
  case backendSlow = "backend.slow"
  case uploadsFailed = "uploads.failed"
  case uploadsOld = "uploads.old"
  case cacheStuck = "cache.stuck"
  case depotFull = "depot.full"
  case filesIntegrity = "files.integrity"
  case watcherDegraded = "watcher.degraded"
  case watcherOverflowed = "watcher.overflowed"
  case manifestRebuilding = "manifest.rebuilding"
  case eventsLatched = "events.latched"

  /// What is done, as the rest of a sentence about the sandbox.
  package var sentence: String {
    switch self {
    case .backendDown: "the cold store does not answer"
    case .backendRefusing: "the cold store refuses our credentials"
    case .backendSlow: "every call on the cold store takes some seconds"
    case .uploadsFailed: "the cold store has no place for files of some directories"
    case .uploadsOld: "files were written twenty minutes ago and cannot be stored"
    case .cacheStuck: "uploads hang, so the cache fills with what cannot be evicted"
    case .depotFull: "the depot's disk has no space left"
    case .filesIntegrity: "bytes of stored objects were changed"
    case .watcherDegraded: "the kernel watches nothing, so the depot is scanned"
    case .watcherOverflowed: "more changed than the kernel could tell"
    case .manifestRebuilding: "the manifest was lost and the log is slow to read"
    case .eventsLatched: "the disk of the event store failed to sync"
    }
  }

  /// Whether the engine must be started anew once the cause is gone.
  var needsRestart: Bool { self == .eventsLatched }
}
