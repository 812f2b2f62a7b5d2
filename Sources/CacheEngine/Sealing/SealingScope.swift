// What shares one data key, and is therefore shredded together. A scope is named by a hash, so that
// neither the keyset nor an object spells a path.

internal import Digests
internal import DurableFiles
internal import EventStore

/// What one data key seals.
struct SealingScope: Hashable, Sendable {
  /// `file:` or `directory:` with the BLAKE3 digest of the path, or `depot`.
  let name: String

  /// The scope that a file has.
  init(of path: FilePath, under kind: SealingScopeKind) {
    switch kind {
    case .file: name = "file:\(Blake3.digest(of: path.bytes))"
    case .directory: name = "directory:\(Blake3.digest(of: path.parent.bytes))"
    case .depot: name = "depot"
    }
  }

  /// The scope as the event store knows it.
  var keyScope: KeyScope { .entity(name) }
}
