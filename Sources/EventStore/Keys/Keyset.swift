// The keys of a store: one file, to which a mint adds one record. Mints happen while events are
// prepared and are dirty until the leader has written and synced them, which it does once for its
// whole group and before it writes the group itself; so a key is on the device before anything that
// it seals. A reader in another process takes in new records when it meets an event whose key it
// does not know, and reads the file anew when a shred has put another in its place.
//
//   mint ──▶ dirty ──leader: write, sync──▶ durable ──shred: file written anew──▶ shredded
//              ▲            │
//              └── failed ──┘   the group is refused with it
//
// Locks, in the order they may be held: `file` (whoever reads or writes the file), then `state`.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles
internal import Synchronization

final class Keyset: Sendable {
  /// The open file.
  struct File: ~Copyable {
    var open: OpenFile
    /// Which file it is, to notice that another took its place.
    var identity: FileIdentity
    /// The file is at least this long; zeros stand behind the last record.
    var filledTo: UInt64
    /// Why nothing is written any more.
    var latched: StoreError?
  }

  /// What became of a key.
  enum Standing {
    case key(KeyRecord)
    case shredded
    /// The keyset knows nothing of it.
    case absent
  }

  /// How many records the file grows by at once, so that most mints change no metadata of it.
  private static let growthRecords = 512
  /// How many records are kept in memory before the file is mapped anew.
  private static let tailRecordsMax = 65_536
  /// How often a reader starts over because the file was replaced while it looked.
  private static let replacementsMax = 100

  let disk: any Disk
  let file: Mutex<File>
  let state: Mutex<KeysetState>
  private let isWriter: Bool
  /// What the head's proof is compared with; nil for whoever only asks what became of keys.
  private let key: KeyEncryptionKey?

  private init(
    _ disk: any Disk, _ file: consuming File, _ state: KeysetState, _ key: KeyEncryptionKey?,
    isWriter: Bool
  ) {
    self.disk = disk
    self.key = key
    self.file = Mutex(file)
    self.state = Mutex(state)
    self.isWriter = isWriter
  }

  // MARK: - Opening

  /// Opens a keyset that must be there and be what the log expects; the writer also repairs it. It is
  /// of one of the lineages: a fork may have its parent's.
  static func open(
    on disk: any Disk, _ lineages: [Lineage], _ key: KeyEncryptionKey?,
    _ expected: KeysetExpectation,
    isWriter: Bool = false
  ) throws(StoreError) -> Keyset {
    if isWriter {
      do throws(DiskError) {
        try disk.sweepTemporaries(in: KeysetFiles.directory)
        // A writer before may have failed to make the name of the newest keyset durable.
        try disk.syncDirectory(KeysetFiles.directory)
      } catch .absent {
        throw .keyset(.missing)
      } catch {
        throw StoreError(error)
      }
    }
    let file = try openFile(on: disk, isWriter ? .writing : .reading)
    let state = try load(file, lineages, key, expected)
    // A writer never looks for a file that another put there, and must not hold on to a key that a
    // shred replaces.
    let keyset = Keyset(disk, file, state, isWriter ? nil : key, isWriter: isWriter)
    if isWriter { try keyset.secure() }
    return keyset
  }

  /// Makes an empty keyset in the place of whatever is there.
  static func make(
    on disk: any Disk, _ head: KeysetHead, _ key: KeyEncryptionKey, _ entropy: Entropy
  ) throws(StoreError) {
    do throws(DiskError) {
      if try disk.status(at: KeysetFiles.directory) == nil {
        try disk.makeDirectory(KeysetFiles.directory, mode: 0o700)
        try disk.syncDirectory(.root)
      }
    } catch {
      throw StoreError(error)
    }
    try SmallFile.write(head.encode(with: key), to: KeysetFiles.keyset, on: disk, entropy)
  }

  private static func openFile(
    on disk: any Disk, _ access: FileAccess
  ) throws(StoreError) -> File {
    do throws(DiskError) {
      let file = try OpenFile(KeysetFiles.keyset, access, on: disk)
      let status = try file.status
      return File(open: file, identity: FileIdentity(status), filledTo: status.size, latched: nil)
    } catch .absent {
      throw .keyset(.missing)
    } catch {
      throw StoreError(error)
    }
  }

  private static func load(
    _ file: borrowing File, _ lineages: [Lineage], _ key: KeyEncryptionKey?,
    _ expected: KeysetExpectation
  ) throws(StoreError) -> KeysetState {
    let bytes: [UInt8]
    let map: any MappedBytes
    do throws(DiskError) {
      bytes = try file.open.read(at: 0, count: KeysetHead.count)
      map = try file.open.map(count: Int(try file.open.size))
    } catch {
      throw StoreError(error)
    }
    do throws(KeysetFault) {
      let head = try KeysetHead.decode(bytes)
      guard lineages.contains(head.lineage) else { throw .otherStore }
      if let key {
        guard head.keyID == key.id else { throw .otherKey }
        guard KeysetHead.isProven(bytes, by: key) else {
          throw .damaged(offset: 0, "has a head that its key-encryption key did not vouch for")
        }
      }
      return try KeysetState(head, map, expected)
    } catch {
      throw .keyset(error)
    }
  }

  /// Clears what a torn mint left, and makes the last records durable that no later one vouches
  /// for: a sync that failed for the writer before may have left them in memory alone.
  private func secure() throws(StoreError) {
    let (from, bytes, isTorn) = state.withLock { state -> (Int, [UInt8], Bool) in
      let count = state.records.count
      var from = count
      if count > 0, case .key(let below, _, _)? = state.records.record(at: count - 1)?.content {
        from = min(count, max(Int(clamping: below), Int(state.head.records)))
      }
      return (from, state.records.bytes(from..<count), state.isTorn)
    }
    guard isTorn || !bytes.isEmpty else { return }
    try file.withLock { (file: inout File) throws(StoreError) in
      do throws(DiskError) {
        let start = UInt64(KeyRecords.offset(of: from))
        let end = start + UInt64(bytes.count)
        try file.open.write(bytes, at: start)
        if file.filledTo > end {
          // Zeros and no shorter file: a reader in another process may have mapped all of it.
          try file.open.write(zeros(Int(file.filledTo - end)), at: end)
        }
        try file.open.sync()
      } catch {
        throw StoreError(error)
      }
    }
    state.withLock { $0.isTorn = false }
  }

  private func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

  // MARK: - Finding

  var head: KeysetHead { state.withLock(\.head) }
  var minted: UInt64 { state.withLock(\.minted) }

  /// The newest key of a scope, or that it was shredded.
  func newest(of scope: KeyScopeID) throws(StoreError) -> (standing: Standing, generation: UInt32) {
    try state.withLock { (state) throws(StoreError) in
      guard let index = state.index(of: scope) else { return (.absent, 0) }
      guard let record = state.records.record(at: index) else { throw Self.damage(index) }
      if case .shredded = record.content { return (.shredded, record.generation) }
      return (.key(record), record.generation)
    }
  }

  /// What became of the key that sealed something.
  func standing(of scope: KeyScopeID, generation: UInt32) throws(StoreError) -> Standing {
    for attempt in 0..<Self.replacementsMax {
      do throws(StoreError) {
        let (standing, found) = try newest(of: scope)
        if found > generation { return .shredded }
        if found == generation { return standing }
        guard !isWriter, attempt == 0, try takeNews() else { return .absent }
      } catch .keyset(.damaged(let offset, let fault)) {
        // A shred overwrites the key in the file that it has just replaced.
        guard !isWriter, try refresh() else { throw .keyset(.damaged(offset: offset, fault)) }
      }
    }
    throw .timedOut
  }

  static func damage(_ index: Int) -> StoreError {
    .keyset(
      .damaged(
        offset: UInt64(KeyRecords.offset(of: index)),
        "has a record that does not match its checksum"))
  }

  // MARK: - Following another process's writer

  /// Takes in a keyset that was put in this one's place; false when none was.
  @discardableResult
  func refresh() throws(StoreError) -> Bool {
    guard !isWriter else { return false }
    return try file.withLock { (file: inout File) throws(StoreError) -> Bool in
      let status: FileStatus?
      do throws(DiskError) {
        status = try disk.status(at: KeysetFiles.keyset)
      } catch {
        throw StoreError(error)
      }
      guard let status else { throw .keyset(.missing) }
      guard FileIdentity(status) != file.identity else { return false }
      let before = head
      let fresh = try Self.openFile(on: disk, .reading)
      let state = try Self.load(
        fresh, [before.lineage], key,
        KeysetExpectation(minted: minted, epoch: before.epoch, history: before.history))
      file = fresh
      self.state.withLock { $0 = state }
      return true
    }
  }

  /// Takes in records that were added since; false when there are none.
  private func takeNews() throws(StoreError) -> Bool {
    if try refresh() { return true }
    return try file.withLock { (file: inout File) throws(StoreError) -> Bool in
      let (first, salt) = state.withLock { ($0.records.count, $0.head.salt) }
      let bytes: [UInt8]
      do throws(DiskError) {
        bytes = try file.open.read(
          at: UInt64(KeyRecords.offset(of: first)), count: Self.tailRecordsMax * KeyRecord.count)
      } catch {
        throw StoreError(error)
      }
      var found: [KeyRecord] = []
      while (found.count + 1) * KeyRecord.count <= bytes.count,
        let record = KeyRecord(
          bytes.span, at: found.count * KeyRecord.count, index: first + found.count, salt)
      {
        found.append(record)
      }
      guard !found.isEmpty else { return false }
      state.withLock { state in
        for record in found { state.append(record) }
        state.durable = state.records.count
      }
      try remap(&file)
      return true
    }
  }

  /// Maps the file anew when many records lie in memory.
  func remap(_ file: inout File) throws(StoreError) {
    let durable = state.withLock { state in
      state.durable - state.records.mapped >= Self.tailRecordsMax ? state.durable : 0
    }
    guard durable > 0 else { return }
    do throws(DiskError) {
      let map = try file.open.map(count: KeyRecords.offset(of: durable))
      state.withLock { $0.records.adopt(map, records: durable) }
    } catch {
      throw StoreError(error)
    }
  }

  // MARK: - Minting

  /// Adds a key, which is dirty until the next flush.
  func mint(
    _ scope: KeyScopeID, generation: UInt32, nonce: [UInt8], wrapped: [UInt8]
  ) throws(StoreError) {
    try state.withLock { (state) throws(StoreError) in
      guard state.table.count < EventStoreLimits.keysMax,
        state.records.count < EventStoreLimits.keyRecordsMax
      else { throw .keyset(.full) }
      state.append(
        KeyRecord(
          scope: scope, generation: generation,
          content: .key(
            durableBelow: UInt64(state.durable), nonce: nonce, wrapped: wrapped)))
    }
  }

  /// Whether keys were minted that are not on the device yet.
  var isDirty: Bool { state.withLock { $0.records.count > $0.durable } }

  /// Makes every key durable that was minted; after a throw they are as dirty as before.
  func flush() throws(CommitFailure) {
    guard isDirty else { return }
    try file.withLock { (file: inout File) throws(CommitFailure) in
      if let latched = file.latched { throw .latched(latched) }
      let (start, count, bytes) = state.withLock { state -> (UInt64, Int, [UInt8]) in
        let count = state.records.count
        return (
          UInt64(KeyRecords.offset(of: state.durable)), count,
          state.records.bytes(state.durable..<count)
        )
      }
      let end = start + UInt64(bytes.count)
      do throws(DiskError) {
        if end > file.filledTo {
          let filled = end + UInt64(Self.growthRecords * KeyRecord.count)
          try file.open.write(bytes + zeros(Int(filled - end)), at: start)
          file.filledTo = filled
        } else {
          try file.open.write(bytes, at: start)
        }
      } catch {
        throw .notWritten(StoreError(error))
      }
      do throws(DiskError) {
        try file.open.sync()
      } catch {
        let error = StoreError(error)
        file.latched = error
        throw .latched(error)
      }
      state.withLock { $0.durable = count }
      do throws(StoreError) {
        try remap(&file)
      } catch {
        // What could not be mapped stays in memory, and the next flush tries again.
      }
    }
  }
}

/// Which file stands at a name.
struct FileIdentity: Equatable {
  let device: UInt64
  let inode: UInt64

  init(_ status: FileStatus) {
    device = status.device
    inode = status.inode
  }
}
