// What goes in comes out: bytes, digests, metadata, parts.

import ColdStorage
import Digests

extension StorageContract {
  static let transferPromises: [StoragePromise] = [
    StoragePromise("an object of no bytes and one of one byte come back as they went") { ground in
      for bytes in [[], [0], [255]] as [[UInt8]] {
        let stored = try ground.store.put("small", bytes)
        try demand(stored.digest == Blake3.digest(of: bytes), "the digest is of other bytes")
        try demand(stored.bytes == UInt64(bytes.count), "it says \(stored.bytes) bytes")
        try demand(stored.object.size == UInt64(bytes.count), "it has \(stored.object.size) bytes")
        let back = try ground.other.get("small")
        try demand(back == bytes, "\(back.count) other bytes came back")
      }
    },
    StoragePromise("head tells what upload and download tell") { ground in
      let stored = try ground.store.put("a/b", sample(5_000)).object
      let sink = BytesSink(bytesMax: 5_000)
      let read = try ground.store.download("a/b", to: sink, DownloadRequest())
      let known = try ground.other.head("a/b")
      try demand(known?.etag == stored.etag, "head has another version than upload")
      try demand(read.object.etag == stored.etag, "download has another version than upload")
      try demand(known?.size == 5_000 && read.object.size == 5_000, "the size differs")
      try demand(read.store == ground.store.name, "the transfer names another store")
      try demand(
        known?.digest == nil || known?.digest == stored.digest, "head has another digest")
    },
    StoragePromise("metadata and content type travel with the object", needs: [.metadata]) {
      ground in
      var request = UploadRequest()
      request.metadata = ["mode": "0644", "path": "a b/%20+\"'=,;~", "long": longValue]
      request.contentType = "text/x-test"
      try ground.store.put("m", sample(10), request)
      let known = try ground.other.head("m")
      try demand(known?.metadata == request.metadata, "it is \(known?.metadata.entries ?? [:])")
      try demand(known?.contentType == "text/x-test", "the type is \(known?.contentType ?? "nil")")
      let read = try ground.store.download("m", to: BytesSink(bytesMax: 10), DownloadRequest())
      try demand(read.object.metadata == request.metadata, "download has other metadata")
    },
    StoragePromise("metadata is replaced as a whole and the bytes stay", needs: [.metadata]) {
      ground in
      try ground.store.put("m", sample(4_096), UploadRequest(metadata: ["a": "1", "b": "2"]))
      let changed = try ground.store.setMetadata("m", MetadataRequest(metadata: ["c": "3"]))
      try demand(changed.metadata == ["c": "3"], "it answers \(changed.metadata.entries)")
      try demand(try ground.other.head("m")?.metadata == ["c": "3"], "head has other metadata")
      try demand(try ground.other.get("m") == sample(4_096), "the bytes have changed")
    },
    StoragePromise("metadata that some backend would change is refused") { ground in
      try demand(.badMetadata) { () throws(StorageError) in
        try ground.store.put("m", [1], UploadRequest(metadata: ["a_b": "1"]))
      }
      try demand(try ground.store.head("m") == nil, "it was stored all the same")
    },
    StoragePromise("any part of an object can be read", needs: [.rangeReads]) { ground in
      let bytes = sample(100_000)
      try ground.store.put("r", bytes)
      for range in [0..<1, 0..<100_000, 1..<2, 65_535..<65_537, 99_999..<100_000] {
        let part = try ground.other.get(
          "r", DownloadRequest(range: UInt64(range.lowerBound)..<UInt64(range.upperBound)))
        try demand(part == Array(bytes[range]), "\(range) gives \(part.count) other bytes")
      }
    },
    StoragePromise("a part is cut where the object ends", needs: [.rangeReads]) { ground in
      let bytes = sample(1_000)
      try ground.store.put("r", bytes)
      let tail = try ground.store.get("r", DownloadRequest(range: 990..<2_000))
      try demand(tail == Array(bytes[990...]), "the tail has \(tail.count) bytes")
      for range in [1_000..<2_000, 5_000..<6_000, 10..<10] as [Range<UInt64>] {
        let sink = BytesSink(bytesMax: 10)
        let transfer = try ground.store.download("r", to: sink, DownloadRequest(range: range))
        try demand(sink.bytes.isEmpty && transfer.bytes == 0, "\(range) gives bytes")
        try demand(transfer.digest == Blake3.digest(of: []), "\(range) has a digest of bytes")
      }
    },
    StoragePromise("progress tells the whole size in the end") { ground in
      let (up, down) = (Furthest(), Furthest())
      try ground.store.put("p", sample(300_000), UploadRequest(progress: up.progress))
      try demand(up.bytes == 300_000, "the upload told \(up.bytes)")
      _ = try ground.store.get("p", DownloadRequest(progress: down.progress))
      try demand(down.bytes == 300_000, "the download told \(down.bytes)")
    },
    StoragePromise("a replaced object has the new bytes and none of the old") { ground in
      let first = try ground.store.put("k", sample(9_000), UploadRequest(metadata: ["v": "1"]))
      let second = try ground.store.put("k", sample(100, seed: 2))
      try demand(first.object.etag != second.object.etag, "the version is the same")
      try demand(try ground.other.get("k") == sample(100, seed: 2), "the bytes are not the new")
      try demand(try ground.other.head("k")?.metadata == [:], "the metadata is the old")
    },
    StoragePromise("a deleted object is absent, and deleting it again is no error") { ground in
      try ground.store.put("d/e/f", sample(10))
      try ground.store.put("d/e/g", sample(10))
      try ground.store.delete("d/e/f", DeleteRequest())
      try ground.store.delete("d/e/f", DeleteRequest())
      try demand(try ground.other.head("d/e/f") == nil, "it is still there")
      try demand(try ground.other.keys() == ["d/e/g"], "it is still listed, or its sibling is not")
      try ground.store.delete("d/e/g", DeleteRequest())
      try demand(try ground.other.keys() == [], "something is still listed")
      try ground.store.put("d/e/f", sample(10))
      try demand(try ground.other.keys() == ["d/e/f"], "it cannot be stored again")
    },
    StoragePromise("what is absent is absent, and nothing else") { ground in
      try ground.store.put("there/a", [1])
      for key in ["none", "there", "there/b", "there/a/b", "none/at/all"] as [ObjectKey] {
        try demand(try ground.store.head(key) == nil, "head finds \(key)")
        try demand(.absent) { () throws(StorageError) in _ = try ground.store.get(key) }
        try demand(.absent) { () throws(StorageError) in
          _ = try ground.store.setMetadata(key, MetadataRequest(metadata: [:]))
        }
      }
    },
  ]

  /// As long as metadata may be, with the other entries of its promise.
  private static let longValue = String(repeating: "v", count: 1_900)

  static let largePromises: [StoragePromise] = [
    StoragePromise("objects around the size of a part come back as they went", isHeavy: true) {
      ground in
      for size in [(8 << 20) - 1, 8 << 20, (8 << 20) + 1] {
        let bytes = sample(size, seed: UInt64(size))
        let digest = Blake3.digest(of: bytes)
        let stored = try ground.store.put("part", bytes, UploadRequest(digest: digest))
        try demand(stored.digest == digest, "\(size) bytes have another digest")
        let back = try ground.other.get("part", DownloadRequest(digest: digest))
        try demand(back == bytes, "of \(size) bytes others came back")
      }
    },
    StoragePromise("an object of 100 MiB comes back as it went, in order when asked", isHeavy: true)
    { ground in
      let source = LongSource(size: 100 << 20)
      let digest = try source.digest()
      let stored = try ground.store.upload("long", from: source, UploadRequest())
      try demand(stored.digest == digest, "the upload hashed other bytes")
      let sink = HashingSink()
      let read = try ground.other.download("long", to: sink, DownloadRequest())
      try demand(read.digest == digest, "the download hashed other bytes")
      try demand(sink.digest == digest, "the sink got other bytes, or not in order")
    },
  ]
}
