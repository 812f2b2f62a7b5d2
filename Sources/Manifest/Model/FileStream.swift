// Where a file's events stand in the log: each file is an entity, named by a hash of its path, since
// a path may hold what no entity's name may. The payload carries the path itself.

internal import Bytes
internal import Digests
public import DurableFiles
public import EventStore

extension FileEvent {
  /// The scope of every event of a depot.
  public static let scope = "depot"
  static let entityPrefix = "file"

  /// Where the events of a file stand.
  public static func coordinate(of path: FilePath) -> Coordinate {
    var hash = Blake3()
    hash.update(path.bytes)
    let digest = hash.digest().bytes.prefix(16)
    do throws(StoreError) {
      return try Coordinate(
        entity: "\(entityPrefix):\(hexadecimal(digest))", scope: scope)
    } catch {
      preconditionFailure("a hash is a valid name: \(error)")
    }
  }

  /// The event as it is appended, insisting on the generation that was judged; nil for a file that
  /// has no row, whatever its stream holds from before it was deleted.
  public func event(judged generation: UInt64?) -> NewEvent {
    NewEvent(
      Self.coordinate(of: path), kind: transition.kind, payload: encoded(),
      payloadVersion: Self.payloadVersion,
      expected: generation.map { .exactly($0) } ?? .any)
  }

  /// The events of files, for registering with a store: each kind with its version.
  public static func register(in registry: inout PayloadRegistry) {
    for type in kindTypes {
      let kind = EventKind(rawValue: UInt16(category) << 12 | type)
      registry.register(
        PayloadType<FileEvent>(
          kind, version: payloadVersion,
          encode: { (event) throws(PayloadFault) in event.encoded() },
          decode: { (payload) throws(PayloadFault) in
            try FileEvent(kind: kind, payload: payload)
          }))
    }
  }
}
