// Destroying keys. The keyset is written anew beside itself, with the records of the keys replaced by
// some that say shredded, and takes the old one's name; then the keys' bytes are overwritten in the
// old file too, as far as the file system and the device let that mean anything. Every other key may
// be wrapped anew on the way. The name decides: a crash before the rename leaves all keys, a crash
// after it leaves those destroyed for ever. The log records the shreds after that, and if a crash
// comes between, the next open does it.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles
internal import Synchronization

/// From which key-encryption key to which a keyset goes over; the same, when it stays.
struct KeyChange {
  let old: KeyEncryptionKey
  let new: KeyEncryptionKey
  let granularity: KeyGranularity

  /// The record wrapped by the new key; nil when the old one does not open it.
  func rewrapped(_ record: KeyRecord, _ entropy: Entropy) -> KeyRecord? {
    guard case .key(let durableBelow, _, _) = record.content, old.id != new.id else {
      return record
    }
    guard let secret = record.unwrapped(by: old, granularity) else { return nil }
    let nonce = entropy.bytes(XChaCha20Poly1305.nonceByteCount)
    let name = DataKeyName(
      granularity: granularity, scope: record.scope, generation: record.generation)
    return KeyRecord(
      scope: record.scope, generation: record.generation,
      content: .key(
        durableBelow: durableBelow, nonce: nonce,
        wrapped: new.wrap(secret, nonce: nonce, name)))
  }
}

extension KeyRecord {
  /// The data key; nil when the key-encryption key is another, or this is a shredded one.
  func unwrapped(by key: KeyEncryptionKey, _ granularity: KeyGranularity) -> SecretBytes? {
    guard case .key(_, let nonce, let wrapped) = content else { return nil }
    return key.unwrap(
      wrapped, nonce: nonce,
      DataKeyName(granularity: granularity, scope: scope, generation: generation))
  }
}

extension Keyset {
  /// How many records are copied at once.
  static let copiedMax = 8_192

  /// Destroys the newest keys of scopes, durably; those that have none, or whose key is destroyed
  /// already, are passed over, and nothing is written when that is all of them. `swap` is called with
  /// what brings the new keyset into force in memory, and puts the new key beside it.
  func shred(
    _ scopes: [KeyScopeID], _ change: KeyChange, _ entropy: Entropy, swap: (() -> Void) -> Void
  ) throws(CommitFailure) -> [Shredding] {
    try file.withLock { (file: inout File) throws(CommitFailure) -> [Shredding] in
      if let latched = file.latched { throw .latched(latched) }
      let before = state.withLock { $0 }
      var head = before.head
      head.keyID = change.new.id
      head.salt = KeysetSalt(high: entropy.word(), low: entropy.word())
      head.minted = before.minted
      head.records = UInt64(before.records.count)
      var shreddings: [Shredding] = []
      var gone: [Int: KeyRecord] = [:]
      for scope in scopes {
        guard let index = before.index(of: scope), gone[index] == nil,
          let record = before.records.record(at: index), case .key = record.content
        else { continue }
        head.epoch += 1
        head.history = ShredHistory.adding(
          scope, generation: record.generation, epoch: head.epoch, to: head.history)
        gone[index] = KeyRecord(
          scope: scope, generation: record.generation, content: .shredded(epoch: head.epoch))
        shreddings.append(
          Shredding(
            scope: scope, generation: record.generation, epoch: head.epoch, history: head.history))
      }
      guard !shreddings.isEmpty else { return [] }
      let rewriting = Rewriting(
        before: before, head: head, gone: gone, shreddings: shreddings, change: change)
      try replace(&file, rewriting, entropy, swap)
      return shreddings
    }
  }

  /// A keyset that is written anew.
  private struct Rewriting {
    let before: KeysetState
    let head: KeysetHead
    /// What stands in the place of destroyed keys, by number.
    let gone: [Int: KeyRecord]
    let shreddings: [Shredding]
    let change: KeyChange
  }

  /// Writes the file anew and goes on with it.
  private func replace(
    _ file: inout File, _ rewriting: Rewriting, _ entropy: Entropy, _ swap: (() -> Void) -> Void
  ) throws(CommitFailure) {
    var replacement = try beside(rewriting.head, rewriting.change.new, entropy)
    do throws(StoreError) {
      try Self.copy(rewriting, entropy, to: &replacement)
    } catch {
      throw .notWritten(error)
    }
    do throws(DiskError) {
      try replacement.commit(replacing: true)
      let fresh = try OpenFile(KeysetFiles.keyset, .writing, on: disk)
      let status = try fresh.status
      let count = rewriting.before.records.count
      let map = try fresh.map(count: KeyRecords.offset(of: count))
      swap { adopt(rewriting, map, records: count, entropy) }
      overwrite(file.open, rewriting.gone.keys.sorted())
      file.open = fresh
      file.identity = FileIdentity(status)
      file.filledTo = status.size
    } catch {
      // The new file may have its name or not, and only opening anew tells.
      let error = StoreError(error)
      file.latched = error
      throw .latched(error)
    }
  }

  /// The new file, with nothing but its head, beside the old one.
  func beside(
    _ head: KeysetHead, _ key: KeyEncryptionKey, _ entropy: Entropy
  ) throws(CommitFailure) -> AtomicReplace {
    do throws(DiskError) {
      var replacement = try AtomicReplace(
        KeysetFiles.keyset, mode: 0o600, on: disk, entropy: entropy)
      try replacement.append(head.encode(with: key))
      return replacement
    } catch {
      throw .notWritten(StoreError(error))
    }
  }

  /// Copies all records, each with a checksum under the new salt and wrapped by the new key.
  private static func copy(
    _ rewriting: Rewriting, _ entropy: Entropy, to replacement: inout AtomicReplace
  ) throws(StoreError) {
    let records = rewriting.before.records
    var writer = ByteWriter(reserving: copiedMax * KeyRecord.count)
    for start in stride(from: 0, to: records.count, by: copiedMax) {
      writer.removeAll()
      for number in start..<min(start + copiedMax, records.count) {
        guard
          let record = rewriting.gone[number]
            ?? records.record(at: number).flatMap({ rewriting.change.rewrapped($0, entropy) })
        else { throw damage(number) }
        record.encode(at: number, rewriting.head.salt, into: &writer)
      }
      do throws(DiskError) {
        try replacement.append(writer.bytes.span)
      } catch {
        throw StoreError(error)
      }
    }
  }

  /// Goes on with the new file; keys that were minted meanwhile are dirty as before.
  private func adopt(
    _ rewriting: Rewriting, _ map: any MappedBytes, records count: Int, _ entropy: Entropy
  ) {
    state.withLock { state in
      let since = (count..<state.records.count).compactMap { state.records.record(at: $0) }
      var records = KeyRecords(salt: rewriting.head.salt)
      records.adopt(map, records: count)
      for record in since {
        guard let record = rewriting.change.rewrapped(record, entropy) else {
          preconditionFailure("a key that was just wrapped does not open")
        }
        records.append(record)
      }
      state.head = rewriting.head
      state.records = records
      state.durable = count
      state.unrecorded += rewriting.shreddings
    }
  }

  /// Overwrites keys in the file that was replaced.
  private func overwrite(_ old: borrowing OpenFile, _ indexes: [Int]) {
    do throws(DiskError) {
      for index in indexes {
        let start = KeyRecords.offset(of: index) + KeyRecord.secret.lowerBound
        try old.write([UInt8](repeating: 0, count: KeyRecord.secret.count), at: UInt64(start))
      }
      try old.sync()
    } catch {
      // The file has no name any more; what this would have added is not promised.
    }
  }

  /// The oldest shred that the log does not record yet.
  var unrecorded: Shredding? { state.withLock { $0.unrecorded.first } }

  /// Notes that the log records a shred.
  func note(recorded epoch: UInt64) {
    state.withLock { state in state.unrecorded.removeAll { $0.epoch <= epoch } }
  }
}
