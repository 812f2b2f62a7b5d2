// Whether a store works, found out by using it: one small object of a name that nobody has is put,
// looked at, read, read in part, listed and deleted. Whatever fails, the object is not left behind
// if it can be helped. Then the store is swept: a probe is what an engine makes when it begins to use
// a store, and what a person makes to see how the store does; single operations never sweep.

package import Ambient
import Digests

/// What a probe of a store found.
package struct StorageProbe: Sendable {
  /// One thing that was tried.
  package struct Step: Sendable, Equatable {
    /// What it is called: `put`, `head`, `get`, `range`, `list`, `delete`, `sweep`.
    package let name: String
    package let latency: Duration
    /// Why it failed; nil when it went well.
    package let failure: StorageError?
  }

  package private(set) var steps: [Step] = []
  /// What the sweep found.
  package private(set) var leftovers = Leftovers()

  /// Below which name probes put their objects.
  package static let prefix = "larder-probe"
  private static let size = 4_096

  /// True when everything went well.
  package var isWell: Bool { steps.allSatisfy { $0.failure == nil } }

  /// The first failure.
  package var failure: StorageError? { steps.lazy.compactMap(\.failure).first }

  /// Probes the store; blocks as long as it takes.
  package static func run(
    _ store: any ObjectStore, clock: MonotonicClock, entropy: Entropy,
    cancellation: Cancellation? = nil
  ) throws(StorageError) -> StorageProbe {
    var probe = StorageProbe()
    let key = try ObjectKey("\(prefix)/\(String(entropy.word(), radix: 16))")
    let bytes = entropy.bytes(size)
    let isStored = probe.attempt("put", clock) { () throws(StorageError) in
      _ = try store.upload(
        key, from: BytesSource(bytes),
        UploadRequest(digest: Blake3.digest(of: bytes), cancellation: cancellation))
    }
    guard isStored else { return probe }
    probe.attempt("head", clock) { () throws(StorageError) in
      guard try store.head(key, cancellation)?.size == UInt64(size) else {
        throw .integrity(key, "head does not find what was just stored")
      }
    }
    probe.attempt("get", clock) { () throws(StorageError) in
      try Self.read(key, store, nil, expecting: bytes, cancellation)
    }
    if store.capabilities.has(.rangeReads) {
      probe.attempt("range", clock) { () throws(StorageError) in
        try Self.read(
          key, store, 1_000..<1_024, expecting: Array(bytes[1_000..<1_024]), cancellation)
      }
    }
    probe.attempt("list", clock) { () throws(StorageError) in
      let page = try store.list(
        ListRequest(prefix: key.bytes, limit: 1, cancellation: cancellation))
      guard page.objects.first?.key == key else {
        throw .integrity(key, "the listing does not show what was just stored")
      }
    }
    // Not cancelled with the rest: the object should go in any case.
    probe.attempt("delete", clock) { () throws(StorageError) in
      try store.delete(key, DeleteRequest())
    }
    var leftovers = Leftovers()
    probe.attempt("sweep", clock) { () throws(StorageError) in
      leftovers = try store.sweep(cancellation)
    }
    probe.leftovers = leftovers
    return probe
  }

  private static func read(
    _ key: ObjectKey, _ store: any ObjectStore, _ range: Range<UInt64>?,
    expecting bytes: [UInt8], _ cancellation: Cancellation?
  ) throws(StorageError) {
    let sink = BytesSink(bytesMax: size)
    _ = try store.download(
      key, to: sink,
      DownloadRequest(
        range: range, digest: Blake3.digest(of: bytes), cancellation: cancellation))
    guard sink.bytes == bytes else {
      throw .integrity(key, "other bytes came back than were just stored")
    }
  }

  @discardableResult
  private mutating func attempt(
    _ name: String, _ clock: MonotonicClock, _ body: () throws(StorageError) -> Void
  ) -> Bool {
    let begun = clock.now()
    var failure: StorageError?
    do throws(StorageError) {
      try body()
    } catch {
      failure = error
    }
    steps.append(Step(name: name, latency: clock.now() - begun, failure: failure))
    return failure == nil
  }
}
