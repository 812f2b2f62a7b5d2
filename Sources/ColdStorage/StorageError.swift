// What can go wrong in cold storage, named by what happened. All adapters throw these and nothing
// else. The name of a backend stands where the backend is at fault; whole keys appear in errors,
// which go to the person or row concerned, and never credentials or signed addresses. `kind` is
// what metrics count and what decides whether trying again can help.

public import DurableFiles

/// A refusal or failure of a store.
public indirect enum StorageError: Error, Equatable, Sendable {
  /// The key, made safe to print, and the rule that it breaks.
  case invalidKey(String, KeyFault)
  /// What is wrong with the metadata, as a sentence.
  case badMetadata(String)
  case absent(ObjectKey)
  /// There is an object, and there should be none.
  case alreadyExists(ObjectKey)
  /// The object is not the version that was asked for.
  case preconditionFailed(ObjectKey)
  /// A file stands in the object's place that no store put there.
  case occupied(ObjectKey)
  /// The place of the object leads through a symbolic link, out of the store.
  case escapes(ObjectKey)
  /// The bytes are not what was stored or asked for; the detail says which differed.
  case integrity(ObjectKey, String)
  case tooLarge(size: UInt64, bytesMax: UInt64)
  case denied(store: String, detail: String)
  case expiredCredentials(store: String, detail: String)
  case clockSkew(store: String, detail: String)
  /// The backend's space or quota is used up.
  case diskFull(store: String)
  case throttled(store: String, detail: String, retryAfter: Duration?)
  /// It did not answer, or failed on its own account.
  case unavailable(store: String, detail: String, retryAfter: Duration?)
  /// It is not asked now, having failed too often; perhaps in this time.
  case circuitOpen(store: String, retryIn: Duration, last: StorageError?)
  case unsupported(store: String, String)
  /// The store cannot work as it is set up; the sentence says what to change.
  case misconfigured(store: String, String)
  /// What should be stored could not be read.
  case sourceFailed(DiskError)
  /// What came could not be written where it should go.
  case sinkFailed(DiskError)
  case cancelled
  /// It was tried so often; the last failure stands for the others.
  case gaveUp(attempts: Int, last: StorageError)
  /// Neither store could give the object.
  case bothFailed(primary: StorageError, secondary: StorageError)
}

extension StorageError {
  /// Groups of errors: the `result` of metrics, and what callers decide by.
  public enum Kind: String, CaseIterable, Sendable {
    case invalidKey = "invalid_key"
    case badMetadata = "bad_metadata"
    case absent
    case alreadyExists = "already_exists"
    case preconditionFailed = "precondition_failed"
    case occupied
    case escapes
    case integrity
    case tooLarge = "too_large"
    case denied
    case expiredCredentials = "expired_credentials"
    case clockSkew = "clock_skew"
    case diskFull = "disk_full"
    case throttled
    case unavailable
    case circuitOpen = "circuit_open"
    case unsupported
    case misconfigured
    case source
    case sink
    case cancelled
  }

  /// The group it belongs to; what was tried often or in two places belongs to its last failure.
  public var kind: Kind {
    switch self {
    case .invalidKey: .invalidKey
    case .badMetadata: .badMetadata
    case .absent: .absent
    case .alreadyExists: .alreadyExists
    case .preconditionFailed: .preconditionFailed
    case .occupied: .occupied
    case .escapes: .escapes
    case .integrity: .integrity
    case .tooLarge: .tooLarge
    case .denied: .denied
    case .expiredCredentials: .expiredCredentials
    case .clockSkew: .clockSkew
    case .diskFull: .diskFull
    case .throttled: .throttled
    case .unavailable: .unavailable
    case .circuitOpen: .circuitOpen
    case .unsupported: .unsupported
    case .misconfigured: .misconfigured
    case .sourceFailed: .source
    case .sinkFailed: .sink
    case .cancelled: .cancelled
    case .gaveUp(_, let last): last.kind
    case .bothFailed(let primary, let secondary):
      primary.kind == .absent ? secondary.kind : primary.kind
    }
  }
}

extension StorageError: CustomStringConvertible {
  /// One sentence without a full stop that says what to do.
  public var description: String {
    switch self {
    case .invalidKey(let key, let fault): "'\(key)' cannot be the name of an object: \(fault)"
    case .badMetadata(let sentence): sentence
    case .absent(let key): "\(key) is not in the store"
    case .alreadyExists(let key):
      "\(key) is in the store already; nothing was changed"
    case .preconditionFailed(let key):
      "\(key) is not the version that was asked for; look at it again and decide anew"
    case .occupied(let key):
      "a file stands in the place of \(key) that was not stored by larder; move it away"
    case .escapes(let key):
      "\(key) leads through a symbolic link, which is never followed; replace the link by what it "
        + "leads to"
    case .integrity(let key, let detail):
      "\(key) is damaged: \(detail); restore it from another copy"
    case .tooLarge(let size, let bytesMax):
      "the object has \(size) bytes, and at most \(bytesMax) are taken"
    case .denied(let store, let detail):
      "\(store) denies access: \(detail)"
    case .expiredCredentials(let store, let detail):
      "the credentials for \(store) have expired: \(detail); renew them"
    case .clockSkew(let store, let detail):
      "\(store) refuses the time of this machine: \(detail); set its clock"
    case .diskFull(let store):
      "\(store) has no space or quota left; free some or raise it"
    case .throttled(let store, let detail, _):
      "\(store) asks for fewer requests: \(detail); lower the number of threads if this stays"
    case .unavailable(let store, let detail, _):
      "\(store) cannot be reached or fails: \(detail)"
    case .circuitOpen(let store, let retryIn, let last):
      "\(store) failed too often and is asked again in \(max(1, retryIn.components.seconds)) s"
        + (last.map { ": \($0)" } ?? "")
    case .unsupported(let store, let what): "\(store) cannot do this: \(what)"
    case .misconfigured(_, let sentence): sentence
    case .sourceFailed(let error): "what should be stored could not be read: \(error)"
    case .sinkFailed(let error): "what came could not be written: \(error)"
    case .cancelled: "it was cancelled"
    case .gaveUp(let attempts, let last): "gave up after \(attempts) attempts: \(last)"
    case .bothFailed(let primary, let secondary):
      "neither store has it; the primary says: \(primary); the secondary says: \(secondary)"
    }
  }
}
