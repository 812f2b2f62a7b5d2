// A cold store that fails and lies, and during whose calls the depot's server goes on writing.

import Ambient
import ColdStorage
import Digests
import DurableFiles

/// What a call on the store comes to.
enum StoreMood: String, CaseIterable, Sendable {
  case works
  /// It cannot be reached.
  case away
  /// It gives other bytes than were stored, and says that they are right.
  case lies
  /// It does what was asked, and its answer is lost.
  case losesItsWord
  /// It says that it has no such object.
  case forgets
  /// It breaks off in the middle of a download.
  case breaksOff
}

/// A store in front of another, with moods.
final class UnreliableStore: ObjectStore {
  private let inner: any ObjectStore
  private let mood: @Sendable () -> StoreMood
  private let interpose: @Sendable () -> Void

  init(
    _ inner: any ObjectStore, mood: @escaping @Sendable () -> StoreMood,
    interpose: @escaping @Sendable () -> Void
  ) {
    self.inner = inner
    self.mood = mood
    self.interpose = interpose
  }

  var name: String { inner.name }
  var capabilities: Capabilities { inner.capabilities }

  private var away: StorageError {
    .unavailable(store: name, detail: "no route", retryAfter: nil)
  }

  func upload(
    _ key: ObjectKey, from source: any ObjectSource, _ request: UploadRequest
  ) throws(StorageError) -> Transfer {
    let mood = mood()
    if case .away = mood { throw away }
    let transfer = try inner.upload(key, from: source, request)
    interpose()
    if case .losesItsWord = mood { throw away }
    return transfer
  }

  func download(
    _ key: ObjectKey, to sink: any ObjectSink, _ request: DownloadRequest
  ) throws(StorageError) -> Transfer {
    switch mood() {
    case .away, .losesItsWord: throw away
    case .forgets: throw .absent(key)
    case .breaksOff:
      guard let object = try inner.head(key) else { throw .absent(key) }
      try sink.begin(size: object.size)
      let part = [UInt8](repeating: 0x3f, count: Int(object.size / 2))
      try sink.write(part.span, at: 0)
      throw away
    case .lies:
      guard let object = try inner.head(key) else { throw .absent(key) }
      let bytes = [UInt8](repeating: 0x21, count: Int(object.size))
      try sink.begin(size: object.size)
      try sink.write(bytes.span, at: 0)
      return Transfer(
        object: object, digest: Blake3.digest(of: bytes), bytes: object.size, store: name)
    case .works:
      let transfer = try inner.download(key, to: sink, request)
      interpose()
      return transfer
    }
  }

  func head(
    _ key: ObjectKey, _ cancellation: Cancellation?
  ) throws(StorageError) -> ObjectStatus? {
    switch mood() {
    case .away: throw away
    case .forgets: return nil
    default: return try inner.head(key, cancellation)
    }
  }

  func setMetadata(
    _ key: ObjectKey, _ request: MetadataRequest
  ) throws(StorageError) -> ObjectStatus {
    try inner.setMetadata(key, request)
  }

  func delete(_ key: ObjectKey, _ request: DeleteRequest) throws(StorageError) {
    if case .away = mood() { throw away }
    try inner.delete(key, request)
  }

  func list(_ request: ListRequest) throws(StorageError) -> ObjectPage { try inner.list(request) }

  func sweep(_ cancellation: Cancellation?) throws(StorageError) -> Leftovers {
    try inner.sweep(cancellation)
  }
}
