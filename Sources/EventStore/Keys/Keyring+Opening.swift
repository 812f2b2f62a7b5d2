// How a store's keys are found when it is opened. The store's meta says whether there must be a
// keyset, and the log says which one: how many keys were minted and how many destroyed. Whatever
// does not fit is a refusal. When keys are turned on, the keyset is made before the meta says so,
// and both before anything is sealed; a crash in between leaves an empty keyset, which the next open
// that asks for keys goes on with.

internal import Ambient
internal import Digests
internal import DurableFiles

extension Keyring {
  /// Opens the keyset for the writer, making it when the store has none and keys are asked for; nil
  /// for a store without keys.
  static func writing(
    on disk: any Disk, _ meta: inout StoreMeta, _ key: KeyEncryptionKey?, _ options: StoreOptions,
    _ segments: [Segment]
  ) throws(StoreError) -> Keyring? {
    guard let key, let keys = options.keys else {
      guard meta.granularity == nil else { throw .keyset(.unopened) }
      return nil
    }
    guard let granularity = keys.granularity ?? meta.granularity else {
      throw .keyset(.noGranularity)
    }
    if let stored = meta.granularity, stored != granularity {
      throw .keyset(.otherGranularity(stored: stored, asked: granularity))
    }
    let last = segments.last?.lastSequence ?? 0
    let reader = EventReader(box: CatalogBox(Catalog(segments: segments, visible: last)))
    let expected = try KeysetExpectation.read(reader)
    if meta.granularity == nil, try !isThere(on: disk) {
      let head = KeysetHead(
        granularity: granularity, lineage: meta.lineage, keyID: key.id,
        salt: KeysetSalt(high: options.entropy.word(), low: options.entropy.word()), epoch: 0,
        history: ShredHistory.none, minted: 0, records: 0)
      try Keyset.make(on: disk, head, key, options.entropy)
    }
    let keyset = try Keyset.found(
      on: disk, try OriginFile.lineages(meta, on: disk), key, expected, isWriter: true)
    let stored = keyset.head.granularity
    guard stored == granularity else {
      throw .keyset(.otherGranularity(stored: stored, asked: granularity))
    }
    if meta.granularity == nil {
      meta.granularity = granularity
      try meta.write(on: disk, options.entropy)
    }
    var keyFile: KeyFile?
    if case .replaceable(let file) = keys.source {
      try file.settle(key)
      keyFile = file
    }
    return Keyring(keyset, key, keys.policy, options.entropy, keyFile)
  }

  private static func isThere(on disk: any Disk) throws(StoreError) -> Bool {
    do throws(DiskError) {
      return try disk.status(at: KeysetFiles.keyset) != nil
    } catch {
      throw StoreError(error)
    }
  }

  /// Opens the keyset for a reader; nil when it has no key, or the store has none.
  static func reading(
    on disk: any Disk, _ source: KeySource?, _ reader: EventReader
  ) throws(StoreError) -> Keyring? {
    guard let source else { return nil }
    let key = try source.key(for: disk)
    guard let keyset = try Keyset.reading(on: disk, key, reader) else { return nil }
    return Keyring(keyset, key)
  }
}

extension Keyset {
  /// Opens the keyset that a store must have; where it is not there, tells whether it ever was.
  fileprivate static func found(
    on disk: any Disk, _ lineages: [Lineage], _ key: KeyEncryptionKey?,
    _ expected: KeysetExpectation, isWriter: Bool = false
  ) throws(StoreError) -> Keyset {
    do throws(StoreError) {
      return try open(on: disk, lineages, key, expected, isWriter: isWriter)
    } catch .keyset(.missing) {
      let manifest = try SnapshotManifest.read(on: disk)
      let origins = try OriginFile.read(on: disk)
      let isCopy = manifest?.includesKeys == false || !origins.isEmpty
      throw .keyset(isCopy ? .leftOut : .missing)
    }
  }

  /// Opens the keyset that a store must have, for reading; nil for a store without keys. Without
  /// the key-encryption key it tells what became of keys, and no more.
  static func reading(
    on disk: any Disk, _ key: KeyEncryptionKey?, _ reader: EventReader
  ) throws(StoreError) -> Keyset? {
    guard let meta = try StoreMeta.read(on: disk) else { throw .notAStore(StoreNames.meta) }
    guard let granularity = meta.granularity else { return nil }
    let keyset = try found(
      on: disk, try OriginFile.lineages(meta, on: disk), key, try KeysetExpectation.read(reader))
    let stored = keyset.head.granularity
    guard stored == granularity else {
      throw .keyset(.otherGranularity(stored: stored, asked: granularity))
    }
    return keyset
  }
}
