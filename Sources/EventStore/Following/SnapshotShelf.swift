// Where the snapshots of projections are kept. Everything here can be made again, so nothing that is
// wrong with a snapshot is an error: it is a reason to begin at the first event.

internal import Ambient
internal import DurableFiles

/// What became of looking for a snapshot.
enum SnapshotLookup {
  case absent
  case usable(ProjectionSnapshot)
  case unusable(because: String)
}

struct SnapshotShelf: Sendable {
  let disk: any Disk
  let directory: FilePath
  let entropy: Entropy

  private func path(_ name: String) -> FilePath {
    directory.appending(name + ".snapshot")
  }

  /// The snapshot of a projection of this version and region over this log.
  func find(
    _ name: String, version: UInt32, region: Region, lineage: Lineage?, _ reader: EventReader
  ) throws(StoreError) -> SnapshotLookup {
    let snapshot: ProjectionSnapshot
    do throws(StoreError) {
      guard let bytes = try SmallFile.read(path(name), on: disk) else { return .absent }
      do throws(FormatFault) {
        snapshot = try ProjectionSnapshot(decoding: bytes)
      } catch {
        return .unusable(because: "the snapshot \(error.sentence)")
      }
    } catch {
      return .unusable(because: "\(error)")
    }
    guard snapshot.lineage == lineage, snapshot.name == name else {
      return .unusable(because: "the snapshot is of another store or projection")
    }
    guard snapshot.version == version else {
      return .unusable(because: "the snapshot has version \(snapshot.version), not \(version)")
    }
    guard snapshot.region.isSpelled(like: region) else {
      return .unusable(because: "the snapshot is of another region")
    }
    let last = try reader.lastSequence
    guard snapshot.position <= last else {
      return .unusable(
        because: "the snapshot stands at event \(snapshot.position) and the log ends at \(last)")
    }
    if snapshot.position > 0 {
      guard try reader.commitment(of: snapshot.position) == snapshot.commitment else {
        return .unusable(because: "event \(snapshot.position) is another one than it was")
      }
    }
    return .usable(snapshot)
  }

  /// Keeps a snapshot in place of the one before.
  func keep(_ snapshot: ProjectionSnapshot) throws(StoreError) {
    let bytes = snapshot.encoded
    guard bytes.count <= SmallFile.bytesMax else {
      throw .tooLarge("the snapshot of '\(snapshot.name)'", bytesMax: SmallFile.bytesMax)
    }
    do throws(DiskError) {
      try SmallFile.prepare(directory, on: disk)
    } catch {
      throw StoreError(error)
    }
    try SmallFile.write(bytes, to: path(snapshot.name), on: disk, entropy)
  }
}
