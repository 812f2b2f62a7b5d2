// What says that a directory is an event store, and which. Written once, when the store is made.
//
//   0  16  lineage
//  16   8  time of making, in microseconds
//  24   1  granularity of its keys, 0 for a store without; absent where an earlier program wrote

internal import Ambient
internal import Bytes
internal import DurableFiles

struct StoreMeta: Equatable {
  static let format: UInt16 = 1

  let lineage: Lineage
  let made: WallTime
  /// What one data key seals; nil when the store has no keys. When it has, there must be a keyset.
  var granularity: KeyGranularity?

  /// What stands in the directory; nil when there is no store in it.
  static func read(on disk: any Disk) throws(StoreError) -> StoreMeta? {
    guard let bytes = try SmallFile.read(StoreNames.meta, on: disk) else { return nil }
    do throws(FormatFault) {
      let payload = try Sidecar.payload(.meta, format: format, in: bytes.span)
      return try StoreMeta(bytes, payload)
    } catch {
      throw error.at(StoreNames.meta)
    }
  }

  func write(on disk: any Disk, _ entropy: Entropy) throws(StoreError) {
    var writer = ByteWriter()
    writer.append(id: lineage.id)
    writer.append(made.microseconds)
    writer.append(granularity?.rawValue ?? 0)
    try SmallFile.write(
      Sidecar.encode(.meta, format: Self.format, payload: writer.bytes), to: StoreNames.meta,
      on: disk, entropy)
  }

  /// The meta of a fork.
  func forked(_ lineage: Lineage, made: WallTime) -> StoreMeta {
    StoreMeta(lineage: lineage, made: made, granularity: granularity)
  }

  init(lineage: Lineage, made: WallTime, granularity: KeyGranularity? = nil) {
    self.lineage = lineage
    self.made = made
    self.granularity = granularity
  }

  private init(_ bytes: [UInt8], _ payload: Range<Int>) throws(FormatFault) {
    let isKnown: Bool
    do throws(BytesError) {
      var cursor = ByteCursor(payload)
      lineage = Lineage(id: try cursor.id(in: bytes.span))
      made = WallTime(microseconds: try cursor.int64(in: bytes.span))
      let number = cursor.isAtEnd ? 0 : try cursor.uint8(in: bytes.span)
      granularity = KeyGranularity(rawValue: number)
      try cursor.finish()
      isKnown = number == 0 || granularity != nil
    } catch {
      throw FormatFault(error)
    }
    guard isKnown else { throw FormatFault("names a granularity of keys that nobody knows") }
  }
}

/// Files that are read and replaced whole.
enum SmallFile {
  /// The largest that is read, in bytes.
  static let bytesMax = 64 << 20

  /// The file's bytes; nil when there is none.
  static func read(_ path: FilePath, on disk: any Disk) throws(StoreError) -> [UInt8]? {
    do throws(DiskError) {
      guard try disk.status(at: path) != nil else { return nil }
      return try OpenFile(path, .reading, on: disk).readAll(bytesMax: bytesMax)
    } catch .absent {
      return nil
    } catch {
      throw StoreError(error)
    }
  }

  /// Puts the bytes in the file's place, durably and whole or not at all.
  static func write(
    _ bytes: [UInt8], to path: FilePath, on disk: any Disk, _ entropy: Entropy
  ) throws(StoreError) {
    do throws(DiskError) {
      try AtomicReplace.write(
        bytes, to: path, mode: 0o600, replacing: true, on: disk, entropy: entropy)
    } catch {
      throw StoreError(error)
    }
  }

  /// Makes the directory of small files if it is not there, durably, and rids it of what a crash left.
  static func prepare(_ directory: FilePath, on disk: any Disk) throws(DiskError) {
    if try disk.status(at: directory) == nil {
      do throws(DiskError) {
        try disk.makeDirectory(directory, mode: 0o700)
      } catch .exists {
        // Somebody made it in between, which is as good.
      }
    }
    // Whoever made it may have been killed before its name was durable.
    try disk.syncDirectory(directory.parent)
    try disk.sweepTemporaries(in: directory)
  }

  /// Removes the file if it is there; its name is gone for good only after the directory's sync.
  static func remove(_ path: FilePath, on disk: any Disk) throws(StoreError) {
    do throws(DiskError) {
      try disk.remove(path)
    } catch .absent {
      return
    } catch {
      throw StoreError(error)
    }
  }
}
