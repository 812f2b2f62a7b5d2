// Files as memory. The only place where a pointer outlives a call: it is freed with the object
// that holds it, and what is lent from it cannot leave the closure.

import Ambient
import CLinux
import Glibc

extension PosixDisk {
  /// The kernel's random number for this start. See random(4), boot_id.
  public var machineStart: UInt64 { Self.start }

  private static let start: UInt64 = {
    do throws(DiskError) {
      let disk = try PosixDisk(root: "/proc/sys/kernel/random", readOnly: true)
      let text = try OpenFile("boot_id", .reading, on: disk).read(at: 0, count: 36)
      let digits = String(decoding: text, as: UTF8.self).filter { $0 != "-" }
      return UInt64(digits.prefix(16), radix: 16) ?? 0
    } catch {
      // A machine that shows no such file tells nobody.
      return 0
    }
  }()

  public func map(_ file: FileID, count: Int) throws(DiskError) -> any MappedBytes {
    let path = path(of: file)
    let size = try status(file).size
    guard size >= UInt64(count) else { throw .endsEarly(path, offset: size) }
    return try PosixMap(file.number, count: count, writing: false, as: path)
  }

  public func sharedWords(
    _ path: FilePath, count: Int, writing: Bool
  ) throws(DiskError) -> any SharedWords {
    let bytes = UInt64(count) * 8
    let file = try writing ? wordsFile(path) : OpenFile(path, .reading, on: self)
    let size = try file.size
    if size < bytes {
      if !writing { throw .endsEarly(path, offset: size) }
      // Reserved, for a store into a hole on a full disk ends the process.
      try file.allocate(to: bytes)
    }
    return PosixWords(
      try PosixMap(file.id.number, count: count * 8, writing: writing, as: path), count: count)
  }

  /// Opens the file, making it if need be; readers may run as another user.
  private func wordsFile(_ path: FilePath) throws(DiskError) -> OpenFile {
    do throws(DiskError) {
      return try OpenFile(path, .creating(mode: 0o644), on: self)
    } catch .exists {
      return try OpenFile(path, .writing, on: self)
    }
  }
}

/// A mapped beginning of a file.
// The address and the length never change and the memory stays mapped as long as this object
// lives; other threads and processes only ever change the bytes behind it, which a reader of
// `MappedBytes` was told not to map, and `PosixWords` reads and writes whole words atomically.
@safe private final class PosixMap: MappedBytes, @unchecked Sendable {
  let count: Int
  private let address: UnsafeMutableRawPointer?

  init(_ file: Int32, count: Int, writing: Bool, as path: FilePath) throws(DiskError) {
    self.count = count
    unsafe address = count > 0 ? clinux_map(file, count, writing ? 1 : 0) : nil
    if unsafe count > 0 && address == nil { throw DiskError(errno: errno, path) }
  }

  deinit {
    if let address = unsafe address { unsafe clinux_unmap(address, count) }
  }

  func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(
      unsafe UnsafeRawBufferPointer(start: address, count: count).bindMemory(to: UInt8.self).span)
  }

  /// The address of a word.
  func word(_ index: Int) -> UnsafeMutablePointer<UInt64> {
    precondition(index >= 0 && (index + 1) * 8 <= count, "there is no such word")
    return unsafe address!.assumingMemoryBound(to: UInt64.self) + index
  }
}

private final class PosixWords: SharedWords {
  let count: Int
  private let map: PosixMap

  init(_ map: PosixMap, count: Int) {
    self.map = map
    self.count = count
  }

  func load(_ index: Int) -> UInt64 {
    unsafe clinux_load_word(map.word(index))
  }

  func store(_ value: UInt64, at index: Int) {
    unsafe clinux_store_word(map.word(index), value)
  }

  func wait(_ index: Int, while value: UInt64, timeout: Duration) -> UInt64 {
    if load(index) == value, timeout > .zero {
      unsafe clinux_wait_word(map.word(index), value, min(timeout, waitMax).wholeNanoseconds)
    }
    return load(index)
  }
}
