// Which failures are worth another attempt, in one table for every adapter.

package import Retry

extension StorageError {
  /// What the failure means for trying again.
  package var failureClass: FailureClass {
    switch self {
    case .unavailable(_, _, let retryAfter): .transient(retryAfter: retryAfter)
    case .throttled(_, _, let retryAfter): .throttled(retryAfter: retryAfter)
    case .expiredCredentials: .authExpired
    // What was truncated or flipped on its way may come whole the next time.
    case .integrity: .transient()
    default: .permanent
    }
  }
}
