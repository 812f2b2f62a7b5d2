// Who comes first: conditions, and races decided by them.

import Ambient
import ColdStorage
import Synchronization

extension StorageContract {
  static let conditionPromises: [StoragePromise] = [
    StoragePromise(
      "an upload that wants no object there leaves the one that is", needs: [.conditionalWrites]
    ) { ground in
      let request = UploadRequest(condition: .ifAbsent)
      try ground.store.put("c", [1, 2, 3], request)
      try demand(.alreadyExists) { () throws(StorageError) in
        try ground.other.put("c", [4], request)
      }
      try demand(try ground.store.get("c") == [1, 2, 3], "the object has changed")
      try demand(try ground.unfinished() == 0, "something was left behind")
    },
    StoragePromise(
      "an upload that wants a version leaves any other", needs: [.conditionalWrites]
    ) { ground in
      let first = try ground.store.put("c", [1]).object.etag
      let second = try ground.other.put(
        "c", [2], UploadRequest(condition: .ifMatch(first))
      ).object.etag
      try demand(.preconditionFailed) { () throws(StorageError) in
        try ground.store.put("c", [3], UploadRequest(condition: .ifMatch(first)))
      }
      try demand(try ground.store.get("c") == [2], "the object has changed")
      try demand(.preconditionFailed) { () throws(StorageError) in
        try ground.store.put("none", [3], UploadRequest(condition: .ifMatch(second)))
      }
      try demand(try ground.store.head("none") == nil, "it was stored all the same")
    },
    StoragePromise(
      "conditions hold for objects that go in parts", needs: [.conditionalWrites], isHeavy: true
    ) { ground in
      let first = try ground.store.put("c", [1]).object.etag
      let large = sample(9 << 20)
      try demand(.alreadyExists) { () throws(StorageError) in
        try ground.other.put("c", large, UploadRequest(condition: .ifAbsent))
      }
      let second = try ground.store.put("c", large, UploadRequest(condition: .ifMatch(first)))
      try demand(try ground.other.head("c")?.etag == second.object.etag, "the version is another")
      try demand(.preconditionFailed) { () throws(StorageError) in
        try ground.other.put("c", large, UploadRequest(condition: .ifMatch(first)))
      }
      try demand(try ground.store.head("c")?.etag == second.object.etag, "it was replaced")
      try ground.store.put("new", large, UploadRequest(condition: .ifAbsent))
      try demand(try ground.other.get("new") == large, "other bytes came back")
      try demand(try ground.unfinished() == 0, "something was left behind")
    },
    StoragePromise(
      "a download that wants a version gives no other", needs: [.conditionalReads]
    ) { ground in
      let first = try ground.store.put("c", [1]).object.etag
      try demand(
        try ground.other.get("c", DownloadRequest(ifMatch: first)) == [1], "it gives other bytes")
      try ground.store.put("c", [2])
      try demand(.preconditionFailed) { () throws(StorageError) in
        _ = try ground.other.get("c", DownloadRequest(ifMatch: first))
      }
    },
    // Without the capability the version is compared before, and not by the server in one step.
    StoragePromise("a delete that wants a version leaves any other") { ground in
      let first = try ground.store.put("c", [1]).object.etag
      let second = try ground.store.put("c", [2]).object.etag
      try demand(.preconditionFailed) { () throws(StorageError) in
        try ground.other.delete("c", DeleteRequest(ifMatch: first))
      }
      try demand(try ground.store.get("c") == [2], "the object is gone")
      try ground.other.delete("c", DeleteRequest(ifMatch: second))
      try demand(.preconditionFailed) { () throws(StorageError) in
        try ground.other.delete("c", DeleteRequest(ifMatch: second))
      }
      try demand(try ground.store.head("c") == nil, "there is an object again")
    },
    StoragePromise(
      "of many who want to be first exactly one is", needs: [.conditionalWrites]
    ) { ground in
      for round in 0..<5 {
        let key = try ObjectKey("race/\(round)")
        let winners = race(ground) { store, index throws(StorageError) in
          try store.put(
            key, sample(2_000, seed: index), UploadRequest(condition: .ifAbsent))
        }
        try demand(
          winners.failures.allSatisfy { $0 == .alreadyExists }, "failed: \(winners.failures)")
        try demand(winners.indices.count == 1, "\(winners.indices.count) were first")
        try demand(
          try ground.store.get(key) == sample(2_000, seed: winners.indices[0]),
          "the object is another's")
      }
    },
    StoragePromise(
      "of many who replace the same version exactly one does", needs: [.conditionalWrites]
    ) { ground in
      var version = try ground.store.put("race", [0]).object.etag
      for round in 1...5 {
        let wanted = version
        let winners = race(ground) { store, index throws(StorageError) in
          try store.put(
            "race", sample(2_000, seed: UInt64(round) << 8 | index),
            UploadRequest(condition: .ifMatch(wanted)))
        }
        try demand(
          winners.failures.allSatisfy { $0 == .preconditionFailed }, "failed: \(winners.failures)")
        try demand(winners.indices.count == 1, "\(winners.indices.count) replaced it")
        version = try ground.store.head("race")!.etag
      }
    },
    StoragePromise("readers see the old object or the new, and each whole") { ground in
      let versions = [sample(70_000, seed: 1), sample(90_000, seed: 2)]
      try ground.store.put("flip", versions[0])
      let broken = Mutex<[String]>([])
      let left = Atomic(20)
      Worker.each(4, named: "flip") { index in
        do throws(StorageError) {
          while left.load(ordering: .relaxed) > 0 {
            if index == 0 {
              let turn = left.wrappingSubtract(1, ordering: .relaxed).newValue
              try ground.other.put("flip", versions[turn & 1])
            } else {
              let bytes = try ground.store.get("flip")
              if !versions.contains(bytes) {
                broken.withLock { $0.append("\(bytes.count) bytes of no version were read") }
              }
            }
          }
        } catch {
          left.store(0, ordering: .relaxed)
          broken.withLock { $0.append("\(error)") }
        }
      }
      try demand(broken.withLock { $0 } == [], "\(broken.withLock { $0.first ?? "" })")
    },
  ]

  /// Who won a race, and how the others failed.
  private struct Winners {
    var indices: [UInt64] = []
    var failures: [StorageError.Kind] = []
  }

  /// Lets eight threads do the same at once, through two handles.
  private static func race(
    _ ground: Ground,
    _ run: @escaping @Sendable (any ObjectStore, UInt64) throws(StorageError) -> Transfer
  ) -> Winners {
    let winners = Mutex(Winners())
    let waiting = Monitor(8)
    Worker.each(8, named: "race") { index in
      waiting.change { $0 -= 1 }
      _ = waiting.wait { $0 == 0 ? true : nil }
      do throws(StorageError) {
        _ = try run(index & 1 == 0 ? ground.store : ground.other, UInt64(index))
        winners.withLock { $0.indices.append(UInt64(index)) }
      } catch {
        winners.withLock { $0.failures.append(error.kind) }
      }
    }
    return winners.withLock { $0 }
  }
}
