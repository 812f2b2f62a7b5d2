// Snapshots and forks: copies of a store that are stores. A snapshot is the same store at an earlier
// moment, with a manifest that lists each file and its hash; opened for writing it goes on as the
// store restored, and the manifest goes. A fork goes on beside the store it came from: a lineage of
// its own, and the parent's segments as they are.
//
// Keys are left out unless they are asked for, so that a copy is no place where a shredded payload
// lives on. They are copied after the segments: a key is durable before what it seals.

public import Ambient
internal import Bytes
public import Digests
public import DurableFiles

/// How a store is copied.
public struct CopyOptions: Sendable {
  /// Copies the keyset too.
  public var includesKeys: Bool
  /// Signs the seal of the last segment of a fork, if it is the key that its events are signed with.
  public var key: SigningKey?
  public var wallClock: WallClock
  public var entropy: Entropy
  /// Told how many of how many bytes are copied.
  public var progress: (@Sendable (_ done: UInt64, _ total: UInt64) -> Void)?
  public var cancellation: Cancellation?

  public init(
    includesKeys: Bool = false, key: SigningKey? = nil, wallClock: WallClock = .live,
    entropy: Entropy = .live,
    progress: (@Sendable (_ done: UInt64, _ total: UInt64) -> Void)? = nil,
    cancellation: Cancellation? = nil
  ) {
    self.includesKeys = includesKeys
    self.key = key
    self.wallClock = wallClock
    self.entropy = entropy
    self.progress = progress
    self.cancellation = cancellation
  }
}

/// What a snapshot is of, and what it is made of.
public struct SnapshotManifest: Sendable {
  public struct File: Hashable, Sendable {
    public let path: String
    public let bytes: UInt64
    public let digest: Blake3Digest
  }
  public let lineage: Lineage
  /// The last event in it, and the root over all of them.
  public let count: UInt64
  public let root: Blake3Digest
  public let made: WallTime
  public let includesKeys: Bool
  public let files: [File]
}

/// What a fork is.
public struct Fork: Hashable, Sendable {
  public let lineage: Lineage
  public let origin: Origin
}

extension EventReader {
  /// Copies what may be seen into an empty directory, beside the writer.
  @discardableResult
  public func snapshot(
    to target: any Disk, _ options: CopyOptions = CopyOptions()
  ) throws(StoreError) -> SnapshotManifest {
    let catalog = try catalog()
    var copy = try StoreCopy(catalog, to: target, options)
    try copy.copySegments(allSealed: true)
    try copy.copyDirectory(StoreNames.cursors)
    if options.includesKeys { try copy.copyDirectory(StoreNames.keys) }
    try copy.copySmall(StoreNames.origin)
    try copy.copySmall(StoreNames.meta)
    guard let lineage = catalog.lineage else { throw .absent("an event") }
    let manifest = SnapshotManifest(
      lineage: lineage, count: copy.count,
      root: try catalog.accumulator(count: copy.count).root, made: options.wallClock.now(),
      includesKeys: options.includesKeys,
      files: copy.files.map { file in
        SnapshotManifest.File(path: "\(file.path)", bytes: file.bytes, digest: file.digest)
      })
    try manifest.write(on: target, options.entropy)
    return manifest
  }

  /// Makes a store of its own out of what may be seen, in an empty directory.
  @discardableResult
  public func fork(
    to target: any Disk, _ options: CopyOptions = CopyOptions()
  ) throws(StoreError) -> Fork {
    let catalog = try catalog()
    guard let parent = catalog.lineage else { throw .absent("an event") }
    var copy = try StoreCopy(catalog, to: target, options)
    try copy.copySegments(allSealed: false)
    if options.includesKeys { try copy.copyDirectory(StoreNames.keys) }
    let accumulator = try catalog.accumulator(count: copy.count)
    let origin = Origin(lineage: parent, sequence: copy.count, root: accumulator.root)
    let now = options.wallClock.now()
    var ids = EventIDSource(seed: options.entropy.word(), after: nil)
    let lineage = Lineage(id: ids.next(at: now))
    try seal(catalog, as: parent, on: target, options)
    let files = SegmentFiles(
      disk: target, lineage: lineage, key: options.key, entropy: options.entropy)
    let name = SegmentName(first: copy.count + 1, generation: 0)
    _ = try files.make(name, after: accumulator, at: now)
    try OriginFile.write(
      try OriginFile.read(on: copy.source) + [origin], on: target, options.entropy)
    guard var meta = try StoreMeta.read(on: copy.source) else {
      throw .notAStore(StoreNames.meta)
    }
    meta = meta.forked(lineage, made: now)
    try meta.write(on: target, options.entropy)
    return Fork(lineage: lineage, origin: origin)
  }

  /// Seals what the parent had not sealed yet; nothing will be added to it.
  private func seal(
    _ catalog: Catalog, as parent: Lineage, on target: any Disk, _ options: CopyOptions
  ) throws(StoreError) {
    let files = SegmentFiles(
      disk: target, lineage: parent, key: options.key, entropy: options.entropy,
      origins: try OriginFile.read(on: catalog.segments[0].file.disk))
    var accumulator = Accumulator()
    for source in catalog.segments {
      if let sealed = try files.openSealed(source.name) {
        accumulator = sealed.accumulator
        continue
      }
      let file = try SegmentFile(source.path, .reading, on: target)
      let scanner = TailScanner(
        file: file, path: file.path, segment: source.name, durableBelow: 0, limit: nil)
      let tables = try scanner.scan(
        IndexTables(segment: source.name, accumulator: accumulator)
      ).tables
      accumulator = tables.accumulator
      if tables.count == 0 {
        try SmallFile.remove(source.path, on: target)
        continue
      }
      _ = try files.seal(
        Segment(
          header: source.header, path: source.path, file: file, map: nil,
          indexes: [TailIndex(tables)]), tables)
    }
  }
}

extension Catalog {
  /// Which store it is of: a fork's oldest segments are its parent's, its newest is its own.
  var lineage: Lineage? { segments.last?.header.lineage }
}

extension EventStore {
  /// What a fork descends from, the oldest first; nothing for a store that is no fork.
  public var origins: [Origin] { files.origins }
}
