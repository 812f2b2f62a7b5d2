// What goes wrong changes nothing: cancellation, failing sources and sinks, wrong bytes.

import Ambient
import ColdStorage
import Digests

extension StorageContract {
  static let failurePromises: [StoragePromise] = [
    StoragePromise(
      "an upload that is cancelled on its way leaves what was there and no trace", isHeavy: true
    ) {
      ground in
      try ground.store.put("c/old", [1, 2, 3])
      for key in ["c/old", "c/new"] as [ObjectKey] {
        let cancellation = Cancellation()
        var request = UploadRequest(cancellation: cancellation)
        request.progress = { done in if done > 10 << 20 { cancellation.cancel() } }
        try demand(.cancelled) { () throws(StorageError) in
          _ = try ground.store.upload(key, from: LongSource(size: 40 << 20), request)
        }
      }
      try demand(try ground.other.get("c/old") == [1, 2, 3], "the old object has changed")
      try demand(try ground.other.head("c/new") == nil, "there is a new object")
      try demand(try ground.unfinished() == 0, "something was left behind")
    },
    StoragePromise("a download that is cancelled on its way ends", isHeavy: true) { ground in
      _ = try ground.store.upload("c", from: LongSource(size: 40 << 20), UploadRequest())
      let cancellation = Cancellation()
      var request = DownloadRequest(cancellation: cancellation)
      request.progress = { done in if done > 1 << 20 { cancellation.cancel() } }
      try demand(.cancelled) { () throws(StorageError) in
        _ = try ground.store.download("c", to: HashingSink(), request)
      }
    },
    StoragePromise("what is cancelled before it begins does nothing") { ground in
      let cancellation = Cancellation()
      cancellation.cancel()
      try demand(.cancelled) { () throws(StorageError) in
        try ground.store.put("c", [1], UploadRequest(cancellation: cancellation))
      }
      try demand(.cancelled) { () throws(StorageError) in
        _ = try ground.store.head("c", cancellation)
      }
      try demand(.cancelled) { () throws(StorageError) in
        _ = try ground.store.list(ListRequest(cancellation: cancellation))
      }
      try demand(try ground.store.head("c") == nil, "it was stored all the same")
    },
    StoragePromise("a source that fails on the way leaves no object and no trace", isHeavy: true) {
      ground in
      try demand(.source) { () throws(StorageError) in
        _ = try ground.store.upload(
          "s", from: BreakingSource(whole: LongSource(size: 30 << 20), breaksAt: 20 << 20),
          UploadRequest())
      }
      try demand(try ground.other.head("s") == nil, "there is an object")
      try demand(try ground.unfinished() == 0, "something was left behind")
    },
    StoragePromise("a sink that fails on the way is told apart from the store") { ground in
      try ground.store.put("s", sample(3 << 20))
      try demand(.sink) { () throws(StorageError) in
        _ = try ground.store.download("s", to: FullSink(fullAt: 2 << 20), DownloadRequest())
      }
    },
    StoragePromise("bytes that are not those announced are not stored", isHeavy: true) { ground in
      try ground.store.put("i", [1])
      for size in [100, 9 << 20] {
        let request = UploadRequest(digest: Blake3.digest(of: [9, 9, 9]))
        try demand(.integrity) { () throws(StorageError) in
          try ground.store.put("i", sample(size), request)
        }
      }
      try demand(try ground.other.get("i") == [1], "the object has changed")
      try demand(try ground.unfinished() == 0, "something was left behind")
    },
    StoragePromise("bytes that are not those asked for are refused") { ground in
      try ground.store.put("i", sample(100))
      try demand(.integrity) { () throws(StorageError) in
        _ = try ground.store.get("i", DownloadRequest(digest: Blake3.digest(of: [9, 9, 9])))
      }
    },
    StoragePromise(
      "a byte that changed in the store is found out on download", needsDamage: true, isHeavy: true
    ) {
      ground in
      for size in [1, 5_000, 9 << 20] {
        let stored = try ground.store.put("damaged", sample(size))
        try ground.damage!("damaged")
        try demand(.integrity) { () throws(StorageError) in
          _ = try ground.other.get("damaged", DownloadRequest(digest: stored.digest))
        }
      }
    },
  ]
}
