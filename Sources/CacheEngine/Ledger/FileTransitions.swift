// The engine's way of writing down what happens to files, without an engine around it: turns, events and
// the manifest behind them, and nothing that moves a byte. It is there to be measured.

internal import Ambient
internal import Digests
package import DurableFiles
internal import EventStore
package import Manifest
internal import Telemetry

/// A log of files and its manifest, and the turns in which they are written.
package final class FileTransitions: Sendable {
  private let store: EventStore
  private let manifest: Manifest
  private let ledger: Ledger

  /// Opens both, and makes them as needed; the manifest is brought after the log on a thread of its own.
  package init(
    events: any Disk, state: (disk: any Disk, path: [UInt8])
  ) throws(EngineError) {
    var payloads = PayloadRegistry()
    FileEvent.register(in: &payloads)
    do throws(StoreError) {
      store = try EventStore.open(on: events, StoreOptions(payloads: payloads))
    } catch {
      throw .journal("\(error)")
    }
    do throws(ManifestError) {
      manifest = try Manifest.open(
        .directory(state.disk, path: state.path), log: store.reader, ManifestOptions())
    } catch {
      throw .manifest("\(error)")
    }
    ledger = Ledger(
      store, manifest, clock: .live, log: Log(room: "engine", to: .none), news: EngineNews(),
      findings: Findings())
  }

  /// Writes down, durably and one after the other, that a file was written and that it was stored.
  package func writeAndStore(_ path: FilePath, _ details: FileDetails) throws(EngineError) {
    var turn = try ledger.turn(of: path)
    let hot = HotCopy(details: details, inode: 1, changedNanoseconds: details.modifiedNanoseconds)
    try turn.append(.written(hot, .closed))
    guard let generation = turn.row?.writtenGeneration else { return }
    let copy = StoredCopy(
      digest: Self.digest, details: details, key: Array("files/".utf8) + path.bytes,
      backend: "primary", sealing: nil, verified: WallTime(seconds: 0))
    try turn.append(.stored(copy, of: generation))
  }

  private static let digest = Blake3.digest(of: [UInt8]())

  /// How many events the manifest's tables are behind the log.
  package func lag() throws(EngineError) -> UInt64 {
    do throws(ManifestError) {
      return try manifest.lag().events
    } catch {
      throw .manifest("\(error)")
    }
  }

  /// Closes both.
  package func close() throws(EngineError) {
    do throws(ManifestError) { try manifest.close() } catch { throw .manifest("\(error)") }
    do throws(StoreError) { try store.close() } catch { throw .journal("\(error)") }
  }
}
