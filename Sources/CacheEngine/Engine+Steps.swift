// An engine without threads, which goes when it is told to. It does the same by the same code; what
// threads would do side by side it does one after the other, so that a seed decides a whole run.

internal import Ambient
package import DurableFiles
package import Manifest

extension Engine {
  /// Takes in that something happened to a file.
  package func stepLook(at path: FilePath) throws(EngineError) {
    try take(.event(ChangeEvent(.written(path))))
  }

  /// Brings the tables of the manifest after the log.
  package func stepManifest() throws(EngineError) {
    do throws(ManifestError) {
      while try manifest.applyPending() {}
    } catch {
      throw .manifest("\(error)")
    }
  }

  /// Uploads what is due, at most so many files; returns how many were tried.
  @discardableResult
  package func stepUploads(max: Int) -> Int { uploads.step(max: max) }

  /// Evicts, if the depot is too large.
  package func stepEvictions() { evictions.run() }

  /// Looks through the whole depot, if that is owed or `isAsked`.
  package func stepRescan(isAsked: Bool = false) {
    guard ledger.refusal == nil, ledger.takeRescan() || isAsked else { return }
    rescan { path in
      do throws(EngineError) {
        try look.look(at: path, .found)
      } catch {
        ledger.oweRescan()
      }
      return true
    }
  }

  /// Removes objects that no file needs, and copies the keyset.
  package func stepOrphans() {
    removeOrphans()
    copyKeyset()
  }

  /// Removes directories that files have left and nobody uses.
  package func stepEmptied() { depot.sweepEmptied(at: parts.wallClock.now()) }

  /// What is true of a file.
  package func row(at path: FilePath) throws(EngineError) -> FileRow? { try ledger.row(at: path) }

  /// What the manifest keeps of counts.
  package var fileCounts: Counts { manifest.counts() }

  /// What the manifest keeps of counts, and what counting its rows comes to.
  package func recount() throws(EngineError) -> (kept: Counts, counted: Counts) {
    do throws(ManifestError) {
      return try manifest.recount()
    } catch {
      throw .manifest("\(error)")
    }
  }

  /// Evicts one file, if nothing speaks against it; true when it went.
  package func stepEvict(_ path: FilePath) -> Bool {
    if case .evicted = evictions.evict(path) { return true }
    return false
  }
}
