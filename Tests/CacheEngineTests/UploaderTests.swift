// Uploads: what is recorded as stored is what the file had, or nothing is.

import Ambient
import ColdStorage
import Digests
import DiskSimulation
import DurableFiles
import Manifest
import Testing

@testable import CacheEngine

@Suite struct UploaderTests {
  @Test(arguments: DiskKind.allCases)
  func `a file is stored with its digest, its mode and its time`(_ kind: DiskKind) throws {
    let ground = try Ground(kind)
    let hot = try ground.write("dir/a.txt", "hello", mode: 0o754)
    let outcome = ground.uploader.upload(try ground.order("dir/a.txt", generation: 3))
    guard case .stored(let copy) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(copy.digest == Blake3.digest(of: Array("hello".utf8)))
    #expect(copy.details == hot.details)
    #expect(copy.details.mode == 0o754)
    let object = try ground.local.head(try ObjectKey(bytes: copy.key))
    #expect(object.flatMap { ObjectLabel(of: $0) }?.details == hot.details)
    #expect(object.flatMap { ObjectLabel(of: $0) }?.generation == 3)
  }

  @Test(arguments: DiskKind.allCases)
  func `what changes while it is read is not recorded`(_ kind: DiskKind) throws {
    let ground = try Ground(kind)
    try ground.write("a", "before")
    let order = try ground.order("a")
    ground.cold.hook {
      $0.afterUpload = { (_) throws(StorageError) in
        do { try ground.write("a", "behind") } catch { throw .cancelled }
      }
    }
    #expect(
      ground.uploader.upload(order)
        == .changedMeanwhile(object: ground.naming.key(of: "a", generation: 1)))
  }

  @Test func `what is replaced by another file while it is read is not recorded`() throws {
    let ground = try Ground()
    try ground.write("a", "before")
    try ground.write("b", "before")
    let order = try ground.order("a")
    ground.cold.hook {
      $0.afterUpload = { (_) throws(StorageError) in
        do { try ground.disk.rename("b", to: "a", replacing: true) } catch { throw .cancelled }
      }
    }
    #expect(
      ground.uploader.upload(order)
        == .changedMeanwhile(object: ground.naming.key(of: "a", generation: 1)))
  }

  @Test(arguments: DiskKind.allCases)
  func `a file that is cut while it is hashed is not recorded`(_ kind: DiskKind) throws {
    let ground = try Ground(kind)
    try ground.write("a", "a text that is cut")
    let order = try ground.order("a")
    ground.cold.hook {
      $0.beforeUpload = { (_) throws(StorageError) in
        do { try ground.write("a", "short") } catch { throw .cancelled }
      }
    }
    #expect(
      ground.uploader.upload(order)
        == .changedMeanwhile(object: ground.naming.key(of: "a", generation: 1)))
  }

  @Test func `a file that is not the one that was judged is not sent`() throws {
    let ground = try Ground()
    try ground.write("a", "before")
    let order = try ground.order("a")
    let now = try ground.write("a", "behind")
    #expect(ground.uploader.upload(order) == .differs(now))
    #expect(ground.cold.count("upload") == 0)
  }

  @Test func `a file that is gone, or no file any more, is told so`() throws {
    let ground = try Ground()
    try ground.write("a", "text")
    let order = try ground.order("a")
    try ground.disk.remove("a")
    #expect(ground.uploader.upload(order) == .gone)
    try ground.machine?.plant(.other, at: "a")
    #expect(ground.uploader.upload(order) == .gone)
    try ground.disk.remove("a")
    try ground.machine?.plant(.symbolicLink, at: "a")
    #expect(ground.uploader.upload(order) == .gone)
    #expect(ground.cold.count("upload") == 0)
  }

  @Test func `an object that is not there behind its upload, or has other bytes, is not recorded`()
    throws
  {
    let ground = try Ground()
    try ground.write("a", "text")
    ground.cold.hook { $0.head = { (_) throws(StorageError) in nil } }
    #expect(
      ground.uploader.upload(try ground.order("a"))
        == .failed(.absent(ground.naming.key(of: "a", generation: 1))))
    ground.cold.hook {
      $0.head = { (found) throws(StorageError) in
        var found = found
        found?.digest = Blake3.digest(of: [1])
        return found
      }
    }
    guard case .failed(.integrity) = ground.uploader.upload(try ground.order("a")) else {
      Issue.record("other bytes were taken for the file's")
      return
    }
    ground.cold.hook {
      $0.head = { (found) throws(StorageError) in
        var found = found
        found?.size += 1
        found?.digest = nil
        return found
      }
    }
    guard case .failed(.integrity) = ground.uploader.upload(try ground.order("a")) else {
      Issue.record("another size was taken for the file's")
      return
    }
  }

  @Test func `a store that fails is told with its reason`() throws {
    let ground = try Ground()
    try ground.write("a", "text")
    let gone = StorageError.unavailable(store: "primary", detail: "no route", retryAfter: nil)
    ground.cold.hook { $0.beforeUpload = { (_) throws(StorageError) in throw gone } }
    #expect(ground.uploader.upload(try ground.order("a")) == .failed(gone))
  }

  @Test func `the path of a file that no key can hold is stored beside it, once`() throws {
    let ground = try Ground()
    let names = (0..<14).map { _ in String(repeating: "é", count: 120) }
    let path = try FilePath(names.joined(separator: "/"))
    try ground.write(path, "text")
    for generation in 1...2 as ClosedRange<UInt64> {
      guard
        case .stored(let copy) = ground.uploader.upload(
          try ground.order(path, generation: generation))
      else {
        Issue.record("a long path was not stored")
        return
      }
      #expect(copy.key.starts(with: Array("long/".utf8)))
    }
    let sink = BytesSink(bytesMax: 4_096)
    let name = try #require(ground.naming.nameKey(of: path))
    _ = try ground.local.download(name, to: sink, DownloadRequest())
    #expect(sink.bytes == path.bytes)
    #expect(ground.cold.count("upload") == 3)
  }

  @Test func `a file is left alone until its next change must get another time`() {
    let now = WallTime(seconds: 1_000)
    func settled(_ change: Duration) -> Bool {
      let time = now + change
      let details = FileDetails(size: 1, mode: 0, owner: 0, group: 0, modifiedNanoseconds: 0)
      let hot = HotCopy(details: details, inode: 1, changedNanoseconds: time.microseconds * 1_000)
      return Uploader.isSettled(hot, at: now)
    }
    #expect(!settled(.zero))
    #expect(!settled(.milliseconds(-30)))
    #expect(settled(.milliseconds(-31)))
    // The clock was set back by two hours; nobody waits that long.
    #expect(settled(.seconds(7_200)))
    #expect(!settled(.milliseconds(20)))
  }
}
