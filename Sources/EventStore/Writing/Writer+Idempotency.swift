// Idempotency: an append with a key that was used before returns the first one's receipt, whatever
// position the retry expects; with other content it is a conflict. Keys are found through the same
// indexes as everything else, so they survive whatever the events survive.

internal import Bytes

extension Writer {
  /// What a request's keys say about it: appended before, on its way, or nothing.
  func recall(
    _ request: PreparationRequest, _ preparation: borrowing Preparation, _ catalog: Catalog
  ) throws(StoreError) -> Step? {
    guard request.isKeyed else { return nil }
    var known: [Receipt] = []
    for (index, event) in request.events.enumerated() {
      guard let key = event.key, let hash = request.key(of: index) else { continue }
      if let sequence = preparation.keys[hash] { return .after(sequence) }
      guard let receipt = try receipt(of: key, hash, catalog) else { continue }
      guard try receipt.matches(event, request.digests[index], keyring) else {
        throw .keyConflict(key)
      }
      known.append(receipt)
    }
    guard !known.isEmpty else { return nil }
    // A batch is one transaction, so a retry of it is recognised by all of its keys or by none.
    guard known.count == request.count else {
      throw .keyConflict(known[0].header.key ?? request.events[0].key!)
    }
    return .known(known)
  }

  /// Waits until the first try of a key is committed or has failed; either way the caller looks
  /// again, and appends it then if it has to.
  func awaitFirstTry(_ sequence: UInt64) throws(StoreError) {
    do throws(StoreError) {
      try board.wait(for: .durable, until: sequence, timeout: nil)
    } catch .tooMany(let what, let countMax) {
      throw .tooMany(what, countMax: countMax)
    } catch {
      // The first try failed, which is not this one's failure.
    }
  }

  private func receipt(
    of key: IdempotencyKey, _ hash: KeyHash, _ catalog: Catalog
  ) throws(StoreError) -> Receipt? {
    let window = options.idempotency
    let last = catalog.segments.last?.lastSequence ?? 0
    let oldest = last > window.sequencesMax ? last - window.sequencesMax + 1 : 1
    var newer = 0
    for segment in catalog.segments.reversed() where segment.lastSequence >= oldest {
      for index in segment.indexes.reversed() {
        for ordinal in index.keyed(hash).reversed() {
          let sequence = index.firstSequence + UInt64(ordinal)
          guard sequence >= oldest, !index.isCancelled(ordinal),
            newer + index.keyCount(after: ordinal) < window.keysMax
          else { continue }
          let receipt = try segment.receipt(at: index.offset(of: ordinal))
          if receipt.header.key == key { return receipt }
        }
        newer += index.keyCount(after: -1)
        if newer >= window.keysMax { return nil }
      }
    }
    return nil
  }
}

extension Receipt {
  /// Whether a retry asks for what this receipt is of.
  ///
  /// Throws `.shredded` for an event whose key was destroyed: it was stored once, and whether the
  /// retry has the same payload is what nobody can tell any more.
  fileprivate func matches(
    _ event: NewEvent, _ digest: PayloadDigest, _ keyring: Keyring?
  ) throws(StoreError) -> Bool {
    guard
      header.coordinate == event.coordinate && header.lane == event.lane
        && header.kind == event.kind && header.payloadVersion == event.payloadVersion
        && header.extensions == event.extensions && header.correlation == event.correlation
        && header.causation == event.causation
    else { return false }
    guard let sealing = header.sealing else { return self.digest == digest }
    guard let keyring else { throw .keyset(.unopened) }
    return try keyring.isSealed(event.payload, as: self.digest, header, sealing)
  }
}

extension Segment {
  /// The receipt of the event whose frame stands there, as it was first returned; throws `.removed`
  /// where nothing but the commitment was kept.
  func receipt(at offset: UInt64) throws(StoreError) -> Receipt {
    try withFrame(at: offset) { (bytes: Span<UInt8>, frame: Frame) throws(StoreError) in
      if case .husk(let husk) = frame, husk.kept == nil {
        throw .removed(sequence: husk.sequence)
      }
      do throws(FormatFault) {
        switch frame {
        case .event(let event):
          return Receipt(
            header: try EventHeader.decode(bytes, event.header),
            digest: PayloadDigest(of: bytes.extracting(event.payload)),
            commitment: event.commitment(in: bytes),
            signature: signature(bytes, event.signature))
        case .husk(let husk):
          guard let kept = husk.kept else { throw FormatFault("has nothing but a commitment") }
          return Receipt(
            header: try EventHeader.decode(bytes, kept.header), digest: kept.digest,
            commitment: husk.commitment, signature: signature(bytes, kept.signature))
        case .mark: throw FormatFault("has a mark where an event should be")
        }
      } catch {
        throw error.at(path, offset)
      }
    }
  }

  private func signature(_ bytes: Span<UInt8>, _ range: Range<Int>?) -> ReceiptSignature? {
    guard let range, let publicKey = header.signer else { return nil }
    return ReceiptSignature(publicKey: publicKey, bytes: copy(bytes, range))
  }
}
