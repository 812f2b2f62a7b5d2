// Sealed objects in a store, for whoever wants plaintext: all of it, a part, or only what an object
// says of itself, which needs no key.

internal import Ambient
internal import ColdStorage
internal import Digests
internal import EventStore

/// A store whose objects are sealed.
struct SealedObjects: Sendable {
  let store: any ObjectStore

  /// What an object says of itself; throws `.integrity` when it is no sealed object.
  func header(
    of object: ObjectKey, _ cancellation: Cancellation? = nil
  ) throws(StorageError) -> SealedHeader {
    let sink = BytesSink(bytesMax: SealedHeader.byteCount)
    _ = try store.download(
      object, to: sink,
      DownloadRequest(range: 0..<UInt64(SealedHeader.byteCount), cancellation: cancellation))
    do throws(SealingFault) {
      return try SealedHeader.decode(sink.bytes)
    } catch {
      throw .integrity(object, "\(error)")
    }
  }

  /// Gives all of the plaintext to the sink, and its digest back; throws `.integrity` when it is not
  /// what was sealed under the key.
  func download(
    _ object: ObjectKey, under key: DataKey, to sink: any ObjectSink,
    _ cancellation: Cancellation? = nil
  ) throws(StorageError) -> Blake3Digest {
    let opening = OpeningSink(object, under: key, into: sink)
    _ = try store.download(object, to: opening, DownloadRequest(cancellation: cancellation))
    return try opening.finish()
  }

  /// Gives a part of the plaintext, cut where it ends, to the sink.
  func download(
    _ object: ObjectKey, under key: DataKey, _ header: SealedHeader, part range: Range<UInt64>,
    to sink: any ObjectSink, _ cancellation: Cancellation? = nil
  ) throws(StorageError) {
    let opening = OpeningSink(object, under: key, header, part: range, into: sink)
    _ = try store.download(
      object, to: opening,
      DownloadRequest(range: opening.sealedRange, cancellation: cancellation))
    _ = try opening.finish()
  }
}
