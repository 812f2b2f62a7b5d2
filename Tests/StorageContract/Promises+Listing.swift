// Listings: complete, in byte order, in pages, below any prefix.

import Ambient
import ColdStorage
import Synchronization

extension StorageContract {
  static let listingPromises: [StoragePromise] = [
    StoragePromise("keys are listed in the order of their bytes, not of their directories") {
      ground in
      let names = [
        "a/b", "a-b", "a0", "a/b/c", "a/b-c", "a/b0", "a.b", "B", "a/c", "a b", "a/b/c/d", "~",
        "ab/c", "a!/x",
      ]
      // No store of files can hold a key and another that goes on behind it with a slash.
      let keys = try names.filter { name in !names.contains { $0.hasPrefix(name + "/") } }
        .map { try ObjectKey($0) }.sorted()
      for key in keys { try ground.store.put(key, [1]) }
      try demand(try ground.other.keys() == keys, "the order is another")
      for limit in [1, 2, 3] {
        try demand(try ground.other.keys(limit: limit) == keys, "pages of \(limit) differ")
      }
    },
    StoragePromise("a prefix need not end at a directory") { ground in
      let keys: [ObjectKey] = [
        "main/a.c", "main/ab.c", "main/b/c", "main2/a", "mai", "other/main/a",
      ]
      for key in keys { try ground.store.put(key, [1]) }
      for prefix in ["", "m", "mai", "main", "main/", "main/a", "main/b/", "x", "main/b/c", "/"] {
        let expected = keys.filter { $0.bytes.starts(with: prefix.utf8) }.sorted()
        try demand(
          try ground.other.keys(prefix: prefix, limit: 2) == expected, "'\(prefix)' lists others")
      }
    },
    StoragePromise("a page begins behind any key, whether there is such an object or not") {
      ground in
      let keys: [ObjectKey] = ["a/1", "a/3", "b", "c/d/e"]
      for key in keys { try ground.store.put(key, [1]) }
      for after in ["a", "a/1", "a/2", "a/3", "a/4", "b", "c/d", "c/d/e", "d"] {
        let key = try ObjectKey(after)
        let page = try ground.other.list(ListRequest(after: key))
        try demand(
          page.objects.map(\.key) == keys.filter { key < $0 }, "behind \(after) others are listed")
      }
    },
    StoragePromise("a listing tells sizes and versions") { ground in
      let stored = try ground.store.put("a/b", sample(321)).object
      let listed = try ground.other.list(ListRequest()).objects.first
      try demand(listed?.size == 321, "the size is \(listed?.size ?? 0)")
      try demand(listed?.etag == stored.etag, "the version is another")
    },
    StoragePromise("more than a thousand keys are listed page by page, each once", isHeavy: true) {
      ground in
      let count = 1_203
      let failures = Mutex<[StorageError]>([])
      Worker.each(6, named: "fill") { worker in
        do throws(StorageError) {
          for index in stride(from: worker, to: count, by: 6) {
            try ground.store.put(try ObjectKey("many/\(index % 7)/\(index)"), [])
          }
        } catch {
          failures.withLock { $0.append(error) }
        }
      }
      try demand(failures.withLock { $0.isEmpty }, "\(failures.withLock { $0.first! })")
      let expected = try (0..<count).map { try ObjectKey("many/\($0 % 7)/\($0)") }.sorted()
      let first = try ground.other.list(ListRequest())
      try demand(first.objects.count <= ListRequest.objectsMax, "a page is too long")
      try demand(first.next != nil, "the first page says that it is the last")
      try demand(try ground.other.keys() == expected, "the listing differs")
      try demand(
        try ground.other.keys(prefix: "many/3/", limit: 50)
          == expected.filter { $0.bytes.starts(with: "many/3/".utf8) }, "a prefix differs")
    },
  ]
}
