// The contract of the door, on local stores.

import ColdStorage
import StorageContract
import Testing

@Suite struct LocalContractTests {
  @Test(arguments: StorageContract.promises, [LocalKind.posix, .withoutAttributes])
  func `a local store keeps every promise of the door`(
    promise: StoragePromise, kind: LocalKind
  ) throws {
    let local = try LocalGround(kind)
    #expect(promise.needs.isSubset(of: local.store.capabilities.features))
    try promise.check(local.ground)
  }

  /// The simulated disk holds every page in memory, so the large objects stay on the real ones.
  @Test(arguments: StorageContract.promises.filter { !$0.isHeavy })
  func `a local store on the simulated disk keeps them too`(promise: StoragePromise) throws {
    try promise.check(try LocalGround(.simulated).ground)
  }
}
