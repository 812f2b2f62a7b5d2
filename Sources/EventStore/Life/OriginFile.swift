// The file that says which stores a fork descends from, the oldest first. It stands beside the meta
// file of a fork, is written once, and no other store has it.
//
//   0   1  count
//   1  56  each: lineage (16), last sequence of it (8), root over the events up to there (32)

internal import Ambient
internal import Bytes
internal import DurableFiles

enum OriginFile {
  private static let format: UInt16 = 1
  /// The longest line of forks of forks.
  static let originsMax = 64

  /// What a store descends from; nothing for one that is no fork.
  static func read(on disk: any Disk) throws(StoreError) -> [Origin] {
    guard let bytes = try SmallFile.read(StoreNames.origin, on: disk) else { return [] }
    do throws(FormatFault) {
      return try decode(bytes)
    } catch {
      throw error.at(StoreNames.origin)
    }
  }

  /// The store's own lineage and those it descends from.
  static func lineages(_ meta: StoreMeta, on disk: any Disk) throws(StoreError) -> [Lineage] {
    [meta.lineage] + (try read(on: disk).map(\.lineage))
  }

  private static func decode(_ bytes: [UInt8]) throws(FormatFault) -> [Origin] {
    let span = bytes.span
    let payload = try Sidecar.payload(.origin, format: format, in: span)
    var origins: [Origin] = []
    do throws(BytesError) {
      var cursor = ByteCursor(payload)
      for _ in 0..<(try cursor.uint8(in: span)) {
        origins.append(
          Origin(
            lineage: Lineage(id: try cursor.id(in: span)), sequence: try cursor.uint64(in: span),
            root: try cursor.digest(in: span)))
      }
      try cursor.finish()
    } catch {
      throw FormatFault(error)
    }
    guard zip(origins, origins.dropFirst()).allSatisfy({ $0.sequence <= $1.sequence }) else {
      throw FormatFault("names origins that do not follow from one another")
    }
    return origins
  }

  static func write(
    _ origins: [Origin], on disk: any Disk, _ entropy: Entropy
  ) throws(StoreError) {
    guard origins.count <= originsMax else {
      throw .tooMany("forks of forks", countMax: originsMax)
    }
    var writer = ByteWriter()
    writer.append(UInt8(origins.count))
    for origin in origins {
      writer.append(id: origin.lineage.id)
      writer.append(origin.sequence)
      writer.append(digest: origin.root)
    }
    try SmallFile.write(
      Sidecar.encode(.origin, format: format, payload: writer.bytes), to: StoreNames.origin,
      on: disk, entropy)
  }
}

extension [Origin] {
  /// The store that a segment which begins with a sequence was written by.
  func lineage(at first: UInt64, own: Lineage) -> Lineage {
    self.first { first <= $0.sequence }?.lineage ?? own
  }
}
