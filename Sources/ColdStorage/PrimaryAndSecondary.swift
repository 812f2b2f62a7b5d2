// Two stores as one: everything new goes to the primary, and what the primary does not have may be
// in the secondary, an older store that is being left or a copy elsewhere.
//
//   upload, metadata, delete, list ─▶ primary
//   download, head ─▶ primary ─absent, or unavailable if so set─▶ secondary
//
// Nothing is ever written to the secondary. When neither can give an object both reasons are told.

package import Ambient
import Digests

/// A primary store with a secondary behind it.
package final class PrimaryAndSecondary: ObjectStore {
  private let primary: any ObjectStore
  private let secondary: any ObjectStore
  private let asksWhenUnavailable: Bool
  private let metrics: StorageMetrics

  /// `asksWhenUnavailable` lets the secondary answer for a primary that cannot be reached, too.
  package init(
    primary: any ObjectStore, secondary: any ObjectStore, asksWhenUnavailable: Bool,
    metrics: StorageMetrics
  ) {
    self.primary = primary
    self.secondary = secondary
    self.asksWhenUnavailable = asksWhenUnavailable
    self.metrics = metrics
  }

  package var name: String { primary.name }
  package var capabilities: Capabilities { primary.capabilities }

  package func upload(
    _ key: ObjectKey, from source: any ObjectSource, _ request: UploadRequest
  ) throws(StorageError) -> Transfer {
    try primary.upload(key, from: source, request)
  }

  /// The transfer names the store that gave the object.
  package func download(
    _ key: ObjectKey, to sink: any ObjectSink, _ request: DownloadRequest
  ) throws(StorageError) -> Transfer {
    let first: StorageError
    do throws(StorageError) {
      return try primary.download(key, to: sink, request)
    } catch {
      guard leadsOn(error) else { throw error }
      first = error
    }
    do throws(StorageError) {
      let transfer = try secondary.download(key, to: sink, request)
      metrics.recordSecondaryHit()
      return transfer
    } catch {
      throw Self.both(first, error, key)
    }
  }

  package func head(
    _ key: ObjectKey, _ cancellation: Cancellation?
  ) throws(StorageError) -> ObjectStatus? {
    var first = StorageError.absent(key)
    do throws(StorageError) {
      if let status = try primary.head(key, cancellation) { return status }
    } catch {
      guard leadsOn(error) else { throw error }
      first = error
    }
    do throws(StorageError) {
      if let status = try secondary.head(key, cancellation) { return status }
    } catch {
      throw Self.both(first, error, key)
    }
    // A primary that could not be asked may have it, so absent would be a guess.
    if first.kind != .absent { throw .bothFailed(primary: first, secondary: .absent(key)) }
    return nil
  }

  package func setMetadata(
    _ key: ObjectKey, _ request: MetadataRequest
  ) throws(StorageError) -> ObjectStatus {
    try primary.setMetadata(key, request)
  }

  package func delete(_ key: ObjectKey, _ request: DeleteRequest) throws(StorageError) {
    try primary.delete(key, request)
  }

  package func list(_ request: ListRequest) throws(StorageError) -> ObjectPage {
    try primary.list(request)
  }

  package func sweep(_ cancellation: Cancellation?) throws(StorageError) -> Leftovers {
    try primary.sweep(cancellation)
  }

  /// Whether the secondary is asked after this failure of the primary.
  private func leadsOn(_ error: StorageError) -> Bool {
    switch error.kind {
    case .absent: true
    case .unavailable, .throttled, .circuitOpen: asksWhenUnavailable
    default: false
    }
  }

  private static func both(
    _ first: StorageError, _ second: StorageError, _ key: ObjectKey
  ) -> StorageError {
    if second.kind == .cancelled { return .cancelled }
    return first.kind == .absent && second.kind == .absent
      ? .absent(key) : .bothFailed(primary: first, secondary: second)
  }
}
