// Destroying a key. The keyset is written anew beside itself, with the key's record replaced by one
// that says shredded, and takes the old one's name; then the key's bytes are overwritten in the old
// file too, as far as the file system and the device let that mean anything. The name decides: a
// crash before the rename leaves the key, a crash after it leaves it destroyed for ever. The log
// records the shred after that, and if a crash comes between, the next open does it.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles
internal import Synchronization

extension Keyset {
  /// How many records are copied at once.
  private static let copiedMax = 8_192

  /// Destroys the newest key of a scope, durably; nil when there is none or it is destroyed.
  func shred(
    _ scope: KeyScopeID, _ key: KeyEncryptionKey, _ entropy: Entropy
  ) throws(CommitFailure) -> Shredding? {
    try file.withLock { (file: inout File) throws(CommitFailure) -> Shredding? in
      if let latched = file.latched { throw .latched(latched) }
      let before = state.withLock { $0 }
      guard let index = before.index(of: scope), let record = before.records.record(at: index),
        case .key = record.content
      else { return nil }
      var head = before.head
      head.epoch += 1
      head.history = ShredHistory.adding(
        scope, generation: record.generation, epoch: head.epoch, to: head.history)
      head.salt = KeysetSalt(high: entropy.word(), low: entropy.word())
      head.minted = before.minted
      head.records = UInt64(before.records.count)
      let gone = KeyRecord(
        scope: scope, generation: record.generation, content: .shredded(epoch: head.epoch))
      try replace(&file, before, head, gone, at: index, key, entropy)
      return Shredding(
        scope: scope, generation: record.generation, epoch: head.epoch, history: head.history)
    }
  }

  /// Writes the file anew and goes on with it.
  private func replace(
    _ file: inout File, _ before: KeysetState, _ head: KeysetHead, _ gone: KeyRecord,
    at index: Int, _ key: KeyEncryptionKey, _ entropy: Entropy
  ) throws(CommitFailure) {
    var replacement = try beside(head, key, entropy)
    do throws(StoreError) {
      try Self.copy(before.records, head.salt, gone, at: index, to: &replacement)
    } catch {
      throw .notWritten(error)
    }
    do throws(DiskError) {
      try replacement.commit(replacing: true)
      let fresh = try OpenFile(KeysetFiles.keyset, .writing, on: disk)
      let status = try fresh.status
      let count = before.records.count
      let map = try fresh.map(count: KeyRecords.offset(of: count))
      adopt(
        head, map, records: count,
        Shredding(
          scope: gone.scope, generation: gone.generation, epoch: head.epoch, history: head.history))
      overwrite(file.open, index)
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
  private func beside(
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

  /// Copies all records, each with a checksum under the new salt.
  private static func copy(
    _ records: KeyRecords, _ salt: KeysetSalt, _ gone: KeyRecord, at index: Int,
    to replacement: inout AtomicReplace
  ) throws(StoreError) {
    var writer = ByteWriter(reserving: copiedMax * KeyRecord.count)
    for start in stride(from: 0, to: records.count, by: copiedMax) {
      writer.removeAll()
      for number in start..<min(start + copiedMax, records.count) {
        guard let record = number == index ? gone : records.record(at: number) else {
          throw damage(number)
        }
        record.encode(at: number, salt, into: &writer)
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
    _ head: KeysetHead, _ map: any MappedBytes, records count: Int, _ shredding: Shredding
  ) {
    state.withLock { state in
      let since = (count..<state.records.count).compactMap { state.records.record(at: $0) }
      var records = KeyRecords(salt: head.salt)
      records.adopt(map, records: count)
      for record in since { records.append(record) }
      state.head = head
      state.records = records
      state.durable = count
      state.unrecorded.append(shredding)
    }
  }

  /// Overwrites a key in the file that was replaced.
  private func overwrite(_ old: borrowing OpenFile, _ index: Int) {
    do throws(DiskError) {
      let start = KeyRecords.offset(of: index) + KeyRecord.secret.lowerBound
      try old.write([UInt8](repeating: 0, count: KeyRecord.secret.count), at: UInt64(start))
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
