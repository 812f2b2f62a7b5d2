// From an object to a file that has all its bytes, and that nobody sees yet. What came is compared with
// what was recorded; a mismatch ends here, and nothing reaches the live path.

internal import Ambient
internal import Bytes
internal import ColdStorage
internal import Digests
internal import DurableFiles
internal import EventStore
internal import Manifest

/// Brings files back from cold storage.
struct Restorer: Sendable {
  let depot: Depot
  let cold: any ObjectStore
  let entropy: Entropy
  /// How sealed objects are opened; nil where there are no keys.
  var sealing: ObjectSealing?

  /// Downloads the stored copy of a file, beside the depot's files.
  func download(
    _ path: FilePath, from stored: StoredCopy, _ cancellation: Cancellation? = nil,
    progress: Progress? = nil
  ) throws(EngineError) -> Arrival {
    let key = try key(of: stored, path)
    let temporary = Depot.restoring.appending(hexadecimal(entropy.bytes(8)))
    let sink = FileSink(try create(temporary, path))
    let arrival = Arrival(path, temporary, sink, stored.details, depot)
    try fill(
      sink, path, key, stored,
      DownloadRequest(digest: stored.digest, progress: progress, cancellation: cancellation))
    return arrival
  }

  /// Brings back the file, unless one stands there by now.
  func restore(
    _ path: FilePath, from stored: StoredCopy, _ cancellation: Cancellation? = nil
  ) throws(EngineError) -> RestoreOutcome {
    let arrival = try download(path, from: stored, cancellation)
    do throws(DiskError) {
      return try arrival.place()
    } catch {
      throw EngineError(error, path)
    }
  }

  private func key(of stored: StoredCopy, _ path: FilePath) throws(EngineError) -> ObjectKey {
    do throws(StorageError) {
      return try ObjectKey(bytes: stored.key)
    } catch {
      throw .backend(path, error)
    }
  }

  private func create(
    _ temporary: FilePath, _ path: FilePath
  ) throws(EngineError) -> OpenFile {
    do throws(DiskError) {
      return try depot.perform { (disk) throws(DiskError) in
        try OpenFile(temporary, .creating(mode: 0o600), on: disk)
      }
    } catch {
      throw EngineError(error, path)
    }
  }

  /// Downloads all bytes, and compares them with what was recorded.
  private func fill(
    _ sink: FileSink, _ path: FilePath, _ key: ObjectKey, _ stored: StoredCopy,
    _ request: DownloadRequest
  ) throws(EngineError) {
    if let name = stored.sealing {
      return try open(sink, path, key, stored, under: name, request)
    }
    let transfer: Transfer
    do throws(StorageError) {
      transfer = try cold.download(key, to: sink, request)
    } catch {
      throw refusal(error, path)
    }
    guard transfer.digest == stored.digest else {
      throw .integrity(path, "its bytes hash to \(transfer.digest), not to \(stored.digest)")
    }
    guard transfer.bytes == stored.details.size else {
      throw .integrity(path, "it has \(transfer.bytes) bytes, not \(stored.details.size)")
    }
  }

  /// Downloads a sealed object, opens it on its way, and compares its plaintext.
  private func open(
    _ sink: FileSink, _ path: FilePath, _ key: ObjectKey, _ stored: StoredCopy,
    under name: SealingKey, _ request: DownloadRequest
  ) throws(EngineError) {
    guard let sealing else {
      throw .integrity(path, "it is sealed, and no key is configured that opens it; set 'key_file'")
    }
    let standing: DataKeyStanding
    var digest: Blake3Digest?
    do throws(StorageError) {
      standing = try sealing.standing(of: name)
      if case .key(let under) = standing {
        let opening = OpeningSink(key, under: under, into: sink)
        // What is recorded is the digest of the plaintext, and not of what comes.
        var asked = request
        asked.digest = nil
        _ = try cold.download(key, to: opening, asked)
        digest = try opening.finish()
      }
    } catch {
      throw refusal(error, path)
    }
    if case .shredded = standing { throw .shredded(path) }
    guard let digest else {
      throw .integrity(path, "the keyset knows nothing of the key that it is sealed under")
    }
    guard digest == stored.digest else {
      throw .integrity(path, "its bytes hash to \(digest), not to \(stored.digest)")
    }
  }

  /// What a failed download means for whoever waits for the file.
  private func refusal(_ error: StorageError, _ path: FilePath) -> EngineError {
    switch error {
    case .sinkFailed(let disk):
      depot.heal(after: disk)
      return EngineError(disk, path)
    case .gaveUp(_, let last): return refusal(last, path)
    case .integrity(_, let detail): return .integrity(path, detail)
    case .bothFailed(.integrity(_, let detail), _), .bothFailed(_, .integrity(_, let detail)):
      return .integrity(path, detail)
    default: return .backend(path, error)
    }
  }
}

extension EngineError {
  /// What a refusal of the depot's disk means for a file.
  init(_ error: DiskError, _ path: FilePath) {
    if case .full = error { self = .diskFull(path) } else { self = .disk(error) }
  }
}
