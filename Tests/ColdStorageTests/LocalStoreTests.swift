// What only a store of files can get wrong: links, files that others put there, what dead processes
// left, directories that are missing, full or closed.

import Ambient
import Digests
import DiskSimulation
import DurableFiles
import Retry
import ScratchFiles
import Testing

@testable import ColdStorage

@Suite struct LocalStoreTests {
  private static let files = [LocalKind.posix, .withoutAttributes]

  @Test func `the path of an object is its key, and nothing else is left beside it`() throws {
    let local = try LocalGround(.posix)
    try local.put("depot/main/file.c,v", [1, 2, 3])
    #expect(try local.disk.allNames() == ["depot", "depot/main", "depot/main/file.c,v"])
    #expect(
      try OpenFile("depot/main/file.c,v", .reading, on: local.disk).readAll(bytesMax: 9)
        == [1, 2, 3])
  }

  @Test func `a delete takes the empty directories on its way along`() throws {
    let local = try LocalGround(.posix)
    try local.put("a/b/c/one", [1])
    try local.put("a/two", [2])
    try local.store.delete("a/b/c/one", DeleteRequest())
    #expect(try local.disk.allNames() == ["a", "a/two"])
  }

  @Test(arguments: ["out/file", "link"])
  func `a key that leads through a symbolic link is refused by every call`(name: String) throws {
    let (scratch, outside) = (try Scratch(), try Scratch())
    try PosixDisk(root: outside.path).put("file", [7])
    scratch.plantLink("out", to: outside.path)
    scratch.plantLink("link", to: outside.path + "/file")
    let store = try LocalStore(.test("primary"), pause: .live, entropy: .live) {
      () throws(DiskError) in try PosixDisk(root: scratch.path)
    }
    let key = try ObjectKey(name)
    #expect(throws: StorageError.escapes(key)) { try store.head(key) }
    #expect(throws: StorageError.escapes(key)) {
      try store.download(key, to: BytesSink(bytesMax: 9), DownloadRequest())
    }
    #expect(throws: StorageError.escapes(key)) {
      try store.setMetadata(key, MetadataRequest(metadata: [:]))
    }
    #expect(throws: StorageError.escapes(key)) { try store.delete(key, DeleteRequest()) }
    #expect(throws: StorageError.escapes(key)) {
      try store.upload(key, from: BytesSource([8]), UploadRequest(condition: .ifAbsent))
    }
    if name == "out/file" {
      #expect(throws: StorageError.escapes(key)) {
        try store.upload(key, from: BytesSource([8]), UploadRequest())
      }
    }
    #expect(try store.list(ListRequest()).objects.isEmpty)
    #expect(
      try OpenFile("file", .reading, on: PosixDisk(root: outside.path)).readAll(bytesMax: 9) == [7])
  }

  @Test func `a link in the place of an object is replaced and never written through`() throws {
    let (scratch, outside) = (try Scratch(), try Scratch())
    try PosixDisk(root: outside.path).put("file", [7])
    scratch.plantLink("link", to: outside.path + "/file")
    let disk = try PosixDisk(root: scratch.path)
    let store = try LocalStore(.test("primary"), pause: .live, entropy: .live) {
      () throws(DiskError) in disk
    }
    _ = try store.upload("link", from: BytesSource([8]), UploadRequest())
    #expect(try disk.status(at: "link")?.kind == .regular)
    #expect(
      try OpenFile("file", .reading, on: PosixDisk(root: outside.path)).readAll(bytesMax: 9) == [7])
  }

  @Test(arguments: files)
  func `a file that nobody marked is no object, and a sweep tells of it`(kind: LocalKind) throws {
    let local = try LocalGround(kind)
    try local.put("a/stored", [1])
    try local.disk.put("a/foreign", [2])
    #expect(try local.store.head("a/foreign") == nil)
    #expect(throws: StorageError.absent("a/foreign")) {
      try local.store.download("a/foreign", to: BytesSink(bytesMax: 9), DownloadRequest())
    }
    #expect(try local.store.list(ListRequest()).objects.map(\.key) == ["a/stored"])
    let found = try local.store.sweep(nil)
    #expect(found == Leftovers(removed: 0, orphans: 1, named: ["a/foreign"]))
  }

  @Test(arguments: files)
  func `a foreign file is not clobbered unless replacing is asked for`(kind: LocalKind) throws {
    let local = try LocalGround(kind)
    try local.disk.put("foreign", [2])
    #expect(throws: StorageError.occupied("foreign")) {
      try local.store.upload(
        "foreign", from: BytesSource([3]), UploadRequest(condition: .ifAbsent))
    }
    try local.store.delete("foreign", DeleteRequest())
    #expect(try OpenFile("foreign", .reading, on: local.disk).readAll(bytesMax: 9) == [2])
    try local.put("foreign", [3])
    #expect(try local.store.head("foreign")?.size == 1)
  }

  @Test(arguments: files)
  func `a sweep removes what dead processes left and nothing of the living`(
    kind: LocalKind
  ) throws {
    let local = try LocalGround(kind)
    try local.put("a/stored", [1])
    for directory in ["", "a/", "a/deep/"] {
      try local.disk.put(try FilePath(directory + ".larder-00000000000000ff.tmp"), [9])
    }
    var living = try AtomicReplace("a/b", mode: 0o600, on: local.disk, entropy: .live)
    try living.append([1, 2])
    let found = try local.store.sweep(nil)
    #expect(found == Leftovers(removed: 3, orphans: 0, named: []))
    _ = try living.commit(replacing: false)
    #expect(try local.store.head("a/stored")?.size == 1)
  }

  @Test func `a sidecar whose object is gone is swept and one in use stays`() throws {
    let local = try LocalGround(.withoutAttributes)
    try local.put("a/kept", [1])
    try local.put("a/gone", [2])
    try local.disk.remove("a/gone")
    try local.disk.put(".larder-mark-strange", [9])
    let found = try local.store.sweep(nil)
    #expect(found == Leftovers(removed: 1, orphans: 1, named: [".larder-mark-strange"]))
    #expect(try local.store.head("a/kept")?.size == 1)
    #expect(try local.disk.allNames().count == 4)
  }

  @Test func `a sweep that is cancelled says so`() throws {
    let local = try LocalGround(.posix)
    try local.put("a", [1])
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect(throws: StorageError.cancelled) { try local.store.sweep(cancellation) }
  }

  @Test(arguments: [".larder-x", "a/.larder-00000000000000ff.tmp", ".larder-locks/1"])
  func `the store's own names are no keys`(name: String) throws {
    let local = try LocalGround(.posix)
    #expect(throws: StorageError.invalidKey(name, .reservedByBackend(".larder-"))) {
      try local.put(try ObjectKey(name), [1])
    }
  }

  @Test func `an object and a directory cannot share a name, and the error says so`() throws {
    let local = try LocalGround(.posix)
    try local.put("a/b", [1])
    for key in ["a", "a/b/c"] as [ObjectKey] {
      do throws(StorageError) {
        try local.put(key, [2])
        Issue.record("\(key) was stored")
      } catch {
        #expect(error.kind == .unsupported)
        #expect(
          error.description
            == "primary cannot do this: \(key) cannot be stored beside an object whose name is a "
            + "directory in the other's")
      }
    }
    #expect(try local.disk.allNames() == ["a", "a/b"])
  }

  @Test func `a missing directory is told with what to do`() throws {
    let scratch = try Scratch()
    #expect(
      throws: StorageError.misconfigured(
        store: "primary",
        "the directory \(scratch.path)/none of primary does not exist; make it, or set 'path'")
    ) {
      try LocalStore(.test("primary"), pause: .live, entropy: .live) { () throws(DiskError) in
        try PosixDisk(root: scratch.path + "/none")
      }
    }
  }

  @Test func `a directory that is read-only is told with what to do`() throws {
    let scratch = try Scratch()
    let store = try LocalStore(.test("primary"), pause: .live, entropy: .live) {
      () throws(DiskError) in try PosixDisk(root: scratch.path, readOnly: true)
    }
    do throws(StorageError) {
      _ = try store.upload("a", from: BytesSource([1]), UploadRequest())
      Issue.record("it was stored")
    } catch {
      #expect(error.kind == .denied)
      #expect(error.description.hasPrefix("primary denies access: "))
      #expect(
        error.description.hasSuffix("give the user that larder runs as the right to write there")
          || error.description.contains("cannot be changed: its disk is read-only"))
    }
  }

  @Test func `a full disk is told as such and leaves nothing behind`() throws {
    let machine = SimulatedDisk(seed: 3, capacity: ByteCount(64 << 10))
    let store = try LocalStore(
      .test("primary"), pause: .advancing(machine.clock), entropy: .seeded(1)
    ) { () throws(DiskError) in machine }
    for size in [128 << 10, 3 << 20] {
      #expect(throws: StorageError.diskFull(store: "primary")) {
        try store.upload(
          "a", from: BytesSource([UInt8](repeating: 1, count: size)), UploadRequest())
      }
    }
    #expect(try machine.allNames() == [])
  }

  @Test func `a store goes on after a failed sync, on a disk that was opened anew`() throws {
    let machine = SimulatedDisk(seed: 4)
    machine.arm(FaultPlan.none.arming(.syncFails, at: machine.operations))
    let store = try LocalStore(
      .test("primary", RetryPolicy(), clock: machine.clock), pause: .advancing(machine.clock),
      entropy: .seeded(1)
    ) { () throws(DiskError) in machine.startProcess() }
    _ = try store.upload("a", from: BytesSource([1]), UploadRequest())
    #expect(machine.faultCounts[.syncFails] == 1)
    #expect(try store.head("a")?.size == 1)
  }

  @Test func `a damaged object is read once and says nothing against the store`() throws {
    let scratch = try Scratch()
    let disk = try PosixDisk(root: scratch.path)
    let backend = Backend.test("primary", RetryPolicy())
    let store = try LocalStore(backend, pause: .live, entropy: .live) { () throws(DiskError) in
      disk
    }
    _ = try store.upload("k", from: BytesSource([1, 2, 3]), UploadRequest())
    try OpenFile("k", .writing, on: disk).write([9], at: 1)
    for _ in 0..<9 {
      do throws(StorageError) {
        _ = try store.download("k", to: BytesSink(bytesMax: 9), DownloadRequest())
        Issue.record("damaged bytes were given")
      } catch {
        guard case .integrity = error else { throw error }
      }
    }
    #expect(backend.circuit.snapshot.state == .closed)
  }

  @Test func `metadata that was replaced without attributes is bound to its file`() throws {
    let local = try LocalGround(.withoutAttributes)
    try local.put("k", [1])
    _ = try local.store.setMetadata("k", MetadataRequest(metadata: ["a": "1"]))
    // Another version of the same length, by another hand, is not what was marked.
    try local.disk.remove("k")
    try local.disk.put("k", [2])
    #expect(try local.store.head("k") == nil)
  }

  @Test func `a mark says what it was given, and other bytes are no mark`() throws {
    let mark = ObjectMark(
      size: 7, digest: Blake3.digest(of: [1]), metadata: ["a": "x\"y", "b": ""],
      contentType: "text/plain")
    #expect(ObjectMark(mark.encoded()) == mark)
    let binding = ObjectMark.Binding(name: [0xFF, 0x0A], modifiedNanoseconds: -5)
    #expect(ObjectMark.Binding(mark.encoded(bound: binding)) == binding)
    #expect(ObjectMark(mark.encoded(bound: binding)) == mark)
    for text in ["", "{}", "{\"format\":2}", "nonsense", "[]", "{\"format\":1,\"size\":-1}"] {
      #expect(ObjectMark(Array(text.utf8)) == nil)
    }
  }
}

extension LocalGround {
  /// Stores bytes under a key.
  func put(_ key: ObjectKey, _ bytes: [UInt8]) throws(StorageError) {
    _ = try store.upload(key, from: BytesSource(bytes), UploadRequest())
  }
}
