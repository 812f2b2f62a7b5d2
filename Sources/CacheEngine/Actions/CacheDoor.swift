// What plans ask of the cache: how full it is, what room there is, and how fast files went lately, by
// which a plan says how long it would take. Without an engine nobody knows the pace.

internal import Ambient
internal import Bytes
internal import DurableFiles
internal import Manifest
internal import Operations

/// How the cache is filled, and how fast files come and go.
struct CacheDoor: Sendable {
  static let name = "cache"

  let hotBytes: UInt64
  /// Above this files are evicted.
  let bytesMax: UInt64
  /// What the depot's disk has left; nil when it does not say.
  let diskFree: UInt64?
  let evictions: TransferPace.Reading?
  let restores: TransferPace.Reading?

  /// What a handler may know.
  static func ask(_ handle: OperationHandle) throws(OperationFault) -> CacheDoor {
    let answer = try handle.query(name, [:])
    func amount(_ key: String) -> UInt64? {
      answer[key]?.integer.flatMap(UInt64.init(exactly:))
    }
    return CacheDoor(
      hotBytes: amount("hotBytes") ?? 0, bytesMax: amount("bytesMax") ?? 0,
      diskFree: amount("diskFree"), evictions: answer["evictions"].flatMap { .init($0) },
      restores: answer["restores"].flatMap { .init($0) })
  }
}

extension ProjectionDoor {
  static func cache(_ ground: GateGround) -> ProjectionDoor {
    ProjectionDoor(CacheDoor.name) { (_) throws(OperationFault) in
      [
        "hotBytes": JSONValue(max(0, ground.manifest.counts().hot.bytes)),
        "bytesMax": JSONValue(ground.settings.cache.bytesMax.bytes),
        "diskFree": ground.diskFree.map { JSONValue($0) } ?? .null,
        "evictions": ground.engine?.evictions.pace.reading.json ?? .null,
        "restores": ground.engine?.restores.pace.reading.json ?? .null,
      ]
    }
  }
}

extension GateGround {
  fileprivate var diskFree: Int64? {
    do throws(DiskError) {
      return try engine?.depot.disk.spaceLeft().bytes
    } catch {
      // A disk that does not say how much it has left is asked again by the next plan.
      return nil
    }
  }
}
