// Every key that is allowed works, and no two keys are one.

import ColdStorage

extension StorageContract {
  /// Names that some system or protocol somewhere takes for something else.
  package static let awkwardNames: [String] = [
    "with space", " leading", "trailing ", "percent%20%2F%zz", "plus+plus", "hash#hash", "what?x=1",
    "tilde~", "quotes\"'`", "amp&semi;", "colon:at@", "star*", "brackets[1]{2}(3)", "less<more>",
    "pipe|caret^", "comma,dollar$", "equals=bang!", "dots...", "-dash", ".hidden", "file.c,v",
    "1.1024.gz", "grün", "文件", "🎻", "caf\u{E9}", "cafe\u{301}", "a\u{200B}b",
  ]

  static let namePromises: [StoragePromise] = [
    StoragePromise("a name with awkward characters is stored, found, listed and deleted") {
      ground in
      var expected: [ObjectKey] = []
      for (index, name) in awkwardNames.enumerated() {
        let key = try ObjectKey("\(name)/depot/\(name)")
        try ground.store.put(key, [UInt8(index)])
        expected.append(key)
      }
      for (index, key) in expected.enumerated() {
        try demand(try ground.other.head(key)?.size == 1, "\(key) is not found")
        try demand(try ground.other.get(key) == [UInt8(index)], "\(key) is another object")
      }
      expected.sort()
      try demand(try ground.other.keys() == expected, "the listing has other names")
      for key in expected {
        try ground.other.delete(key, DeleteRequest())
        try demand(try ground.store.head(key) == nil, "\(key) is still there")
      }
      try demand(try ground.store.keys() == [], "something is left")
    },
    StoragePromise("a key of 1,024 bytes, or of as many as fit, is stored and listed") { ground in
      let limit = min(1_024, ground.store.capabilities.keyLimits.bytesMax)
      let part = String(repeating: "k", count: 205)
      let text = (0..<5).map { _ in part }.joined(separator: "/")
      let longest = try ObjectKey(String(text.prefix(limit)))
      try demand(longest.bytes.count == limit, "the promise has \(longest.bytes.count) bytes")
      try ground.store.put(longest, [7])
      try demand(try ground.other.get(longest) == [7], "it does not come back")
      try demand(try ground.other.keys() == [longest], "it is not listed")
    },
    StoragePromise("a key beyond the backend's limits is refused by every call") { ground in
      let limits = ground.store.capabilities.keyLimits
      let text = String(
        String(repeating: "kkkkkkk/", count: limits.bytesMax / 8 + 1).prefix(limits.bytesMax + 1))
      let key = try ObjectKey(text.hasSuffix("/") ? text.dropLast() + "k" : text)
      let store = ground.store
      try demand(.invalidKey) { () throws(StorageError) in try store.put(key, [1]) }
      try demand(.invalidKey) { () throws(StorageError) in _ = try store.get(key) }
      try demand(.invalidKey) { () throws(StorageError) in _ = try store.head(key) }
      try demand(.invalidKey) { () throws(StorageError) in
        try store.delete(key, DeleteRequest())
      }
      try demand(.invalidKey) { () throws(StorageError) in
        _ = try store.setMetadata(key, MetadataRequest(metadata: [:]))
      }
    },
  ]
}
