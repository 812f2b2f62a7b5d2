// The promises of the door to cold storage and how they are checked, for any adapter. A promise gets
// a ground of its own and must not rely on another's objects.

import Ambient
package import ColdStorage
import Digests

/// A promise was not kept.
package struct ContractBroken: Error, CustomStringConvertible {
  package let description: String

  init(_ sentence: String, line: Int) {
    description = "\(sentence) (line \(line) of the promise)"
  }
}

/// A fresh store, and what only the test of its adapter knows.
package struct Ground: Sendable {
  /// The store under test, empty at first.
  package let store: any ObjectStore
  /// The same objects through another handle, as another process has them.
  package let other: any ObjectStore
  /// Changes one byte of a stored object behind the store's back; nil where that cannot be done.
  package let damage: (@Sendable (ObjectKey) throws -> Void)?
  /// How many unfinished transfers lie about.
  package let unfinished: @Sendable () throws -> Int

  package init(
    store: any ObjectStore, other: any ObjectStore,
    damage: (@Sendable (ObjectKey) throws -> Void)?,
    unfinished: @escaping @Sendable () throws -> Int
  ) {
    self.store = store
    self.other = other
    self.damage = damage
    self.unfinished = unfinished
  }
}

/// One promise of the door.
package struct StoragePromise: Sendable, CustomStringConvertible {
  /// The promise in words.
  package let name: String
  /// What a backend must be able to do for the promise to concern it.
  package let needs: Set<Capability>
  /// Whether the ground must know how to damage an object.
  package let needsDamage: Bool
  /// Whether it moves tens of megabytes.
  package let isHeavy: Bool
  /// Throws `ContractBroken` when it is not kept.
  package let check: @Sendable (Ground) throws -> Void

  init(
    _ name: String, needs: Set<Capability> = [], needsDamage: Bool = false,
    isHeavy: Bool = false, check: @escaping @Sendable (Ground) throws -> Void
  ) {
    self.name = name
    self.needs = needs
    self.needsDamage = needsDamage
    self.isHeavy = isHeavy
    self.check = check
  }

  package var description: String { name }
}

/// All promises of the door.
package enum StorageContract {
  /// Every promise, the quick ones first.
  package static let promises =
    transferPromises + conditionPromises + namePromises + listingPromises + failurePromises
    + largePromises
}

/// Throws unless the condition holds.
func demand(
  _ condition: Bool, _ sentence: @autoclosure () -> String, line: Int = #line
) throws(ContractBroken) {
  if !condition { throw ContractBroken(sentence(), line: line) }
}

/// Throws unless the body fails with an error of this group.
func demand(
  _ kind: StorageError.Kind, line: Int = #line, from body: () throws(StorageError) -> Void
) throws(ContractBroken) {
  do throws(StorageError) {
    try body()
  } catch {
    if error.kind == kind { return }
    throw ContractBroken("\(kind) was expected, not \(error.kind): \(error)", line: line)
  }
  throw ContractBroken("\(kind) was expected, and it went well", line: line)
}

extension ObjectStore {
  /// Stores bytes under a key.
  @discardableResult
  func put(
    _ key: ObjectKey, _ bytes: [UInt8], _ request: UploadRequest = UploadRequest()
  ) throws(StorageError) -> Transfer {
    try upload(key, from: BytesSource(bytes), request)
  }

  /// The bytes under a key.
  func get(
    _ key: ObjectKey, _ request: DownloadRequest = DownloadRequest()
  ) throws(StorageError) -> [UInt8] {
    let sink = BytesSink(bytesMax: 1 << 24)
    _ = try download(key, to: sink, request)
    return sink.bytes
  }

  /// Every key, page by page.
  func keys(prefix: String = "", limit: Int = ListRequest.objectsMax) throws(StorageError)
    -> [ObjectKey]
  {
    var request = ListRequest(prefix: Array(prefix.utf8), limit: limit)
    var keys: [ObjectKey] = []
    while true {
      let page = try list(request)
      keys += page.objects.map(\.key)
      guard let next = page.next else { return keys }
      request.after = next
    }
  }
}

/// Bytes that differ from seed to seed and from place to place.
func sample(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var generator = SeededGenerator(seed: seed)
  return generator.bytes(count)
}
