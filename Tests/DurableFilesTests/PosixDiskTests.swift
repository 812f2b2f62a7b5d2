// What only the real kernel can show: devices, full and failing file systems, masks, and a latch
// that a sync of a broken device has closed.

import Glibc
import ScratchFiles
import Testing

@testable import DurableFiles

@Suite final class PosixDiskTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test func `a root that is no directory is refused by its name`() throws {
    let disk = try PosixDisk(root: scratch.path)
    try disk.put("file", [])
    for (name, text) in [
      ("file", "\(scratch.path)/file is not a directory"),
      ("none", "\(scratch.path)/none does not exist"),
    ] {
      do throws(DiskError) {
        _ = try PosixDisk(root: scratch.path + "/" + name)
        Issue.record("\(name) was opened")
      } catch {
        #expect(error.description == text)
      }
    }
    #expect(throws: DiskError.badPath(".")) { try PosixDisk(root: "") }
  }

  @Test func `a root is reached through links, as its owner named it`() throws {
    try PosixDisk(root: scratch.path).makeDirectory("directory", mode: 0o700)
    scratch.plantLink("link", to: "directory")
    try PosixDisk(root: scratch.path + "/link").put("a", [1])
    #expect(try PosixDisk(root: scratch.path + "/directory").get("a") == [1])
  }

  @Test(arguments: [[], [.openBeneath]] as [KernelGaps])
  func `a device is no file`(_ gaps: KernelGaps) throws {
    let disk = try PosixDisk(root: Array("/dev".utf8), readOnly: false, lacking: gaps)
    #expect(throws: DiskError.notRegular("null")) { try disk.open("null", .reading) }
    #expect(throws: DiskError.notRegular("null")) { try disk.open("null", .writing) }
    #expect(try disk.status(at: "null")?.kind == .other)
  }

  @Test(arguments: [[], [.openBeneath]] as [KernelGaps])
  func `a path that was never checked still does not lead out`(_ gaps: KernelGaps) throws {
    let disk = try PosixDisk(root: Array(scratch.path.utf8), readOnly: false, lacking: gaps)
    try disk.makeDirectory("directory", mode: 0o700)
    for path in ["../etc/passwd", "/etc/passwd", "directory/../../../etc/passwd", ".."] {
      #expect(throws: DiskError.self) {
        try disk.open(FilePath(asGiven: Array(path.utf8)), .reading)
      }
      #expect(throws: DiskError.self) {
        try disk.list(FilePath(asGiven: Array(path.utf8)))
      }
    }
  }

  @Test func `the disk follows its directory when that is moved away`() throws {
    let outer = try PosixDisk(root: scratch.path)
    try outer.makeDirectory("before", mode: 0o700)
    let inner = try PosixDisk(root: scratch.path + "/before")
    try outer.rename("before", to: "after", replacing: false)
    try outer.makeDirectory("before", mode: 0o700)
    try inner.put("a", [1])
    #expect(try outer.get("after/a") == [1])
    #expect(try outer.names("before").isEmpty)
  }

  @Test func `a full file system says so, and takes more once there is room`() throws {
    let mount = scratch.path + "/mount"
    try PosixDisk(root: scratch.path).makeDirectory("mount", mode: 0o700)
    guard run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", mount) == 0 else {
      return skip("mounting a small tmpfs is refused here")
    }
    let disk = try PosixDisk(root: mount)
    // Out of everyone's sight at once; it lives on as long as the disk is open.
    #expect(run("umount", "-l", mount) == 0)
    try disk.put("a", pattern(40_000))
    let file = try OpenFile("b", .creating(mode: 0o600), on: disk)
    #expect(throws: DiskError.full("b")) { try file.write(pattern(40_000), at: 0) }
    #expect(throws: DiskError.full("b")) { try file.allocate(to: 40_000) }
    #expect(throws: DiskError.full("c")) { try disk.clone("a", to: "c", mode: 0o600) }
    #expect(try disk.names() == ["a", "b"])
    #expect(try disk.get("a") == pattern(40_000))
    try disk.remove("a")
    try file.write(pattern(40_000), at: 0)
    #expect(try disk.get("b") == pattern(40_000))
  }

  @Test func `a move between file systems is told apart`() throws {
    let mount = scratch.path + "/mount"
    let disk = try PosixDisk(root: scratch.path)
    try disk.makeDirectory("mount", mode: 0o700)
    guard run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", mount) == 0 else {
      return skip("mounting a small tmpfs is refused here")
    }
    defer { #expect(run("umount", "-l", mount) == 0) }
    try disk.put("a", [1])
    #expect(throws: DiskError.crossesFileSystems("a")) {
      try disk.rename("a", to: "mount/a", replacing: true)
    }
    #expect(throws: DiskError.crossesFileSystems("a")) {
      try disk.rename("a", to: "mount/a", replacing: false)
    }
    try disk.clone("a", to: "mount/a", mode: 0o600)
    #expect(try disk.get("mount/a") == [1])
  }

  @Test func `after a failed sync everything but reading is refused, until opened anew`() throws {
    guard let device = try brokenDevice() else { return }
    let disk = try PosixDisk(root: device)
    #expect(run("umount", "-l", device) == 0)
    #expect(run("umount", "-l", scratch.path + "/backing") == 0)
    let file = try OpenFile("a", .creating(mode: 0o600), on: disk)
    try file.write(pattern(1_000), at: 0)
    // The image claims 64 MiB and has room for one or two, so what is written cannot all land.
    let victim = try OpenFile("b", .creating(mode: 0o600), on: disk)
    try victim.write(pattern(4 << 20), at: 0)
    do throws(DiskError) {
      try victim.sync()
      Issue.record("the broken device took everything")
    } catch {
      #expect(error == .io("b") || error == .full("b"))
    }
    #expect(throws: DiskError.latched("b")) { try victim.sync() }
    #expect(throws: DiskError.latched("a")) { try file.sync() }
    #expect(throws: DiskError.latched("a")) { try file.write([1], at: 0) }
    #expect(throws: DiskError.latched("a")) { try file.truncate(to: 0) }
    #expect(throws: DiskError.latched("c")) { try disk.put("c", []) }
    #expect(throws: DiskError.latched("a")) { try disk.remove("a") }
    #expect(throws: DiskError.latched("a")) { try disk.rename("a", to: "c", replacing: true) }
    #expect(throws: DiskError.latched(.root)) { try disk.syncDirectory(.root) }
    #expect(throws: DiskError.latched("w")) { try disk.sharedWords("w", count: 1, writing: true) }
    #expect(try file.read(at: 0, count: 1_000) == pattern(1_000))
    #expect(try disk.names().contains("a"))
    #expect(try disk.get("a") == pattern(1_000))
  }

  /// A file system on an image that cannot grow to its size: its writes fail when they are synced.
  private func brokenDevice() throws -> String? {
    let disk = try PosixDisk(root: scratch.path)
    try disk.makeDirectory("backing", mode: 0o700)
    try disk.makeDirectory("broken", mode: 0o700)
    let (backing, broken) = (scratch.path + "/backing", scratch.path + "/broken")
    guard run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", backing) == 0 else {
      skip("mounting a small tmpfs is refused here")
      return nil
    }
    try OpenFile("backing/image", .creating(mode: 0o600), on: disk).truncate(to: 64 << 20)
    let image = backing + "/image"
    guard run("mkfs.ext2", "-q", "-F", "-N", "16", image) == 0,
      run("mount", "-o", "loop", image, broken) == 0
    else {
      #expect(run("umount", "-l", backing) == 0)
      skip("no file system can be made on a loop device here")
      return nil
    }
    return broken
  }
}
