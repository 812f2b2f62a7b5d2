// Changing the key-encryption key. The keyset is written anew beside itself, with every data key wrapped
// by the new key, and takes the old one's name; then the wrapped keys in the old file are overwritten, as
// far as the file system and the device let that mean anything. The name decides: a crash before the
// rename leaves a keyset of the old key, a crash after it one of the new key, and never one of both.
//
//   old key ──beside, whole and durable──▶ renamed ──▶ new key ──▶ the old file's keys overwritten

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles
internal import Synchronization

extension Keyset {
  /// Wraps every key anew, durably; returns how many there are. Nothing can be minted afterwards but
  /// by whoever opens the keyset with the new key.
  func rewrap(
    from old: KeyEncryptionKey, to new: KeyEncryptionKey, _ entropy: Entropy
  ) throws(StoreError) -> UInt64 {
    do throws(CommitFailure) {
      try flush()
      return try file.withLock { (file: inout File) throws(CommitFailure) -> UInt64 in
        if let latched = file.latched { throw .latched(latched) }
        let before = state.withLock { $0 }
        var head = before.head
        head.keyID = new.id
        head.salt = KeysetSalt(high: entropy.word(), low: entropy.word())
        head.minted = before.minted
        head.records = UInt64(before.records.count)
        var replacement = try beside(head, new, entropy)
        let keys: UInt64
        do throws(StoreError) {
          keys = try write(before, head.salt, from: old, to: new, entropy, &replacement)
        } catch {
          throw .notWritten(error)
        }
        // Whatever comes now: this keyset is of a key that is not its own any more.
        file.latched = .keyset(.otherKey)
        do throws(DiskError) {
          try replacement.commit(replacing: true)
        } catch {
          throw .latched(StoreError(error))
        }
        overwrite(file.open, records: before.records.count)
        return keys
      }
    } catch {
      switch error {
      case .notWritten(let error), .latched(let error), .uncertain(let error): throw error
      }
    }
  }

  /// Copies all records, each key wrapped anew; returns how many keys that were.
  private func write(
    _ before: KeysetState, _ salt: KeysetSalt, from old: KeyEncryptionKey,
    to new: KeyEncryptionKey, _ entropy: Entropy, _ replacement: inout AtomicReplace
  ) throws(StoreError) -> UInt64 {
    var keys: UInt64 = 0
    var writer = ByteWriter(reserving: Self.copiedMax * KeyRecord.count)
    for start in stride(from: 0, to: before.records.count, by: Self.copiedMax) {
      writer.removeAll()
      for index in start..<min(start + Self.copiedMax, before.records.count) {
        guard var record = before.records.record(at: index) else { throw Self.damage(index) }
        if case .key(let durableBelow, let nonce, let wrapped) = record.content {
          let name = DataKeyName(
            granularity: before.head.granularity, scope: record.scope,
            generation: record.generation)
          guard let key = old.unwrap(wrapped, nonce: nonce, name) else {
            throw .keyset(
              .damaged(
                offset: UInt64(KeyRecords.offset(of: index)),
                "has a key that its key-encryption key does not open"))
          }
          let fresh = entropy.bytes(XChaCha20Poly1305.nonceByteCount)
          record = KeyRecord(
            scope: record.scope, generation: record.generation,
            content: .key(
              durableBelow: durableBelow, nonce: fresh,
              wrapped: new.wrap(key, nonce: fresh, name)))
          keys += 1
        }
        record.encode(at: index, salt, into: &writer)
      }
      do throws(DiskError) {
        try replacement.append(writer.bytes.span)
      } catch {
        throw StoreError(error)
      }
    }
    return keys
  }

  /// Overwrites all records in the file that was replaced.
  private func overwrite(_ old: borrowing OpenFile, records count: Int) {
    let zeros = [UInt8](repeating: 0, count: Self.copiedMax * KeyRecord.count)
    do throws(DiskError) {
      for start in stride(from: 0, to: count, by: Self.copiedMax) {
        let part = min(Self.copiedMax, count - start) * KeyRecord.count
        try old.write(
          zeros.span.extracting(0..<part), at: UInt64(KeyRecords.offset(of: start)))
      }
      try old.sync()
    } catch {
      // The file has no name any more; what this would have added is not promised.
    }
  }
}
