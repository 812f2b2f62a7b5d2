// A depot as it is written down, without an engine or beside one: what only a running engine knows is not
// known in it.

package import Ambient
internal import Bytes
package import EventStore
package import Manifest
package import Views

extension EngineSnapshot {
  /// What a manifest and a log say now; `diskFree` is what the depot's disk has left.
  package static func evaluation(
    _ manifest: Manifest, _ events: EventReader, _ settings: EngineSettings,
    diskFree: ByteCount? = nil, at now: WallTime
  ) -> EngineSnapshot {
    let counts = manifest.counts()
    var (lag, visible): (UInt64, UInt64) = (0, 0)
    var oldest: WallTime?
    var latch: Trouble?
    do throws(ManifestError) {
      lag = try manifest.lag().events
      oldest = counts.atRisk.files > 0 ? try manifest.oldestAtRisk() : nil
    } catch {
      latch = Trouble(reason: "\(error)", since: now)
    }
    do throws(StoreError) {
      visible = try events.lastSequence
    } catch {
      latch = Trouble(reason: "\(error)", since: now)
    }
    return EngineSnapshot(
      taken: now, started: now, depot: escaped(settings.depot.path), mode: .evaluation,
      files: DepotCounts(counts),
      cache: CacheFill(
        used: ByteCount(counts.hot.bytes), lowWatermark: settings.cache.lowWatermark,
        ceiling: settings.cache.bytesMax, diskFree: diskFree,
        evictable: ByteCount(counts.evictable.bytes)),
      uploads: UploadsView(
        queued: Tally(counts[.dirty] - counts.waiting), waiting: Tally(counts.waiting),
        oldest: oldest),
      restores: RestoresView(), backends: [],
      eventStore: EventStoreView(visible: visible, latch: latch),
      manifest: ManifestView(lag: lag, oddities: manifest.oddityCount),
      watcher: WatcherView(mechanism: nil))
  }
}
