// The keyset, copied to the primary as it grows. A copy is of one writing of the keyset, in parts that
// begin at multiples of `blockRecords`; the last of them is sent again while it grows. A shred begins
// another writing: then all of it is copied anew, and what is left of older ones is removed, for they
// are wrapped by a key that is gone.
//
//   keysets/<32 hex of the lineage>/<16 hex of the epoch>-<32 hex of the writing>/<10 digits: first record>
//
// Parts are sent in order, so the highest one that stands tells how far an engine before this one came.
// One thread copies; whoever waits finds that its key went with it.

internal import Ambient
internal import ColdStorage
internal import Digests
internal import EventStore

/// Copies of a store's keyset in its primary.
final class KeysetCopies: Sendable {
  /// Where parts begin, in records; the last is at most so long while the keyset grows.
  static let blockRecords = 256
  static let prefix = "keysets/"
  private static let digits = 10

  private struct State {
    /// Which writing was copied, and how many records of it.
    var writing: String?
    var copied = 0
    var isCopying = false
  }

  private let store: EventStore
  private let cold: any ObjectStore
  private let log: Log
  private let state = Monitor(State())

  init(_ store: EventStore, to cold: any ObjectStore, log: Log) {
    self.store = store
    self.cold = cold
    self.log = log
  }

  /// Returns when everything up to the extent lies in the primary.
  func bringUp(
    to extent: KeysetExtent, _ cancellation: Cancellation? = nil
  ) throws(StorageError) {
    while true {
      let isMine = state.wait { (state: inout State) -> Bool? in
        if state.writing == extent.writing, state.copied >= extent.records { return false }
        if state.isCopying { return nil }
        state.isCopying = true
        return true
      }
      guard isMine == true else { return }
      defer { state.change { $0.isCopying = false } }
      // What was lent meanwhile goes with it, and a writing that a shred has ended does not.
      guard let now = extentNow() else { throw Self.gone }
      try copy(now, cancellation)
      // Whoever waited for an older writing has what it waited for: its key is in the newer one, or
      // was shredded, which its own check finds.
      return
    }
  }

  private static let gone = StorageError.misconfigured(
    store: "the keyset", "it is not there any more")

  private func extentNow() -> KeysetExtent? {
    do throws(StoreError) {
      return try store.keysetExtent
    } catch {
      log.write(.error, "how far the keyset goes cannot be told", [LogField("why", "\(error)")])
      return nil
    }
  }

  private func copy(
    _ extent: KeysetExtent, _ cancellation: Cancellation?
  ) throws(StorageError) {
    let known = state.withLock { $0.writing == extent.writing ? $0.copied : nil }
    var start: Int
    if let known { start = known } else { start = try firstMissing(of: extent, cancellation) }
    start -= start % Self.blockRecords
    while start < extent.records {
      let end = Self.end(of: start, extent.records)
      try send(start..<end, of: extent, unlessThere: known == nil, cancellation)
      start = end
    }
    state.withLock { ($0.writing, $0.copied) = (extent.writing, extent.records) }
    if known == nil { removeOlder(than: extent) }
  }

  /// Where a part ends: long ones where there is much to copy, short ones at the end that grows.
  private static func end(of start: Int, _ records: Int) -> Int {
    let long = EventStoreLimits.keyRecordsCopiedMax
    if start % long == 0, records - start >= long { return start + long }
    return min(records, start + blockRecords)
  }

  /// Sends a part; what an engine before this one has sent already stays as it is.
  private func send(
    _ range: Range<Int>, of extent: KeysetExtent, unlessThere: Bool, _ cancellation: Cancellation?
  ) throws(StorageError) {
    let bytes: [UInt8]
    do throws(StoreError) {
      bytes = try store.keysetPart(range, of: extent)
    } catch {
      // A shred came between; whoever uploads tries again, with the keyset as it is then.
      throw .unavailable(store: "the keyset", detail: "\(error)", retryAfter: nil)
    }
    let number = "\(range.lowerBound)"
    let name = String(repeating: "0", count: max(0, Self.digits - number.utf8.count)) + number
    let key = try ObjectKey(prefix(of: extent) + name)
    if unlessThere, let there = try cold.head(key, cancellation),
      there.size == UInt64(bytes.count), there.digest == Blake3.digest(of: bytes)
    {
      return
    }
    _ = try cold.upload(
      key, from: BytesSource(bytes), UploadRequest(cancellation: cancellation))
  }

  /// Everything of this store's keysets.
  private var home: String {
    Self.prefix + "\(store.lineage.id)".drop { $0 != ":" }.dropFirst() + "/"
  }

  private func prefix(of extent: KeysetExtent) -> String {
    let epoch = String(extent.epoch, radix: 16)
    return home + String(repeating: "0", count: max(0, 16 - epoch.utf8.count)) + epoch + "-"
      + extent.writing + "/"
  }

  /// The first record that an engine before this one may not have copied.
  private func firstMissing(
    of extent: KeysetExtent, _ cancellation: Cancellation?
  ) throws(StorageError) -> Int {
    let prefix = prefix(of: extent)
    var first = 0
    var request = ListRequest(prefix: Array(prefix.utf8), cancellation: cancellation)
    while true {
      let page = try cold.list(request)
      for object in page.objects {
        let name = String(decoding: object.key.bytes.dropFirst(prefix.utf8.count), as: UTF8.self)
        if let number = Int(name) { first = max(first, min(number, extent.records)) }
      }
      guard let next = page.next else { return first }
      request.after = next
    }
  }

  /// Removes what is left of older writings. What stays opens nothing any more, so that it is tried
  /// again with the next writing is enough.
  private func removeOlder(than extent: KeysetExtent) {
    let present = Array(prefix(of: extent).utf8)
    do throws(StorageError) {
      var request = ListRequest(prefix: Array(home.utf8))
      while true {
        let page = try cold.list(request)
        for object in page.objects where !object.key.bytes.starts(with: present) {
          try cold.delete(object.key, DeleteRequest())
        }
        guard let next = page.next else { return }
        request.after = next
      }
    } catch {
      log.write(
        .warning, "older copies of the keyset were not removed", [LogField("why", "\(error)")])
    }
  }
}
