// A file that a person named, on a command line or in a setting. Unlike a disk's files it may be
// anywhere, its links are followed as the person expects, and pipes and standard input will do.
// It is only ever read, in pieces, so that a file of any size passes through bounded memory.

import CLinux
import Glibc

/// A file to read, named by a person; closed when its holder lets go.
package struct UserFile: ~Copyable, Sendable {
  let path: FilePath
  let number: Int32
  /// Nil for standard input, which belongs to the process.
  private let descriptor: Descriptor?
  private let isRegular: Bool
  private let sizeAtFirst: UInt64
  private var offset: UInt64 = 0

  /// Opens what the name leads to; `.isADirectory` when that is one. A FIFO waits for its writer.
  package init(_ name: String) throws(DiskError) {
    try self.init(bytes: Array(name.utf8))
  }

  /// Opens what a name in the kernel's bytes leads to.
  package init(bytes name: [UInt8]) throws(DiskError) {
    let path = FilePath(asGiven: name)
    guard !name.isEmpty, !name.contains(0) else { throw .badPath("\(path)") }
    let opened = Descriptor(try answer(for: path) { unsafe clinux_open(name, name.count, 0) })
    try self.init(path, opened.number, opened)
  }

  private init(
    _ path: FilePath, _ number: Int32, _ descriptor: consuming Descriptor?
  ) throws(DiskError) {
    var status = clinux_status()
    try answer(for: path) { unsafe clinux_status_of(number, &status) }
    let (kind, size) = (FileStatus(status).kind, status.size)
    if kind == .directory { throw .isADirectory(path) }
    self.path = path
    self.number = number
    self.descriptor = descriptor
    isRegular = kind == .regular
    sizeAtFirst = size
  }

  /// What has the kernel's number, which somebody else closes.
  init(borrowing number: Int32, _ path: FilePath) throws(DiskError) {
    try self.init(path, number, nil)
  }

  /// The process's standard input.
  package static func standardInput() throws(DiskError) -> UserFile {
    let path = FilePath(asGiven: Array("standard input".utf8))
    do throws(DiskError) {
      return try UserFile(path, STDIN_FILENO, nil)
    } catch .system(_, EBADF) {
      throw .absent(path)
    }
  }

  /// How many bytes it has now; nil when only reading on tells, as from a pipe.
  package var size: UInt64? {
    get throws(DiskError) {
      if descriptor == nil || !isRegular { return nil }
      return try sizeNow
    }
  }

  private var sizeNow: UInt64 {
    get throws(DiskError) {
      var status = clinux_status()
      try answer(for: path) { unsafe clinux_status_of(number, &status) }
      return status.size
    }
  }

  /// Throws when a regular file is shorter than it was at first, or than what was read of it. Files
  /// of the kernel's own, which claim to have no bytes or a whole page of them, end where they end.
  private func checkNotCut(at offset: UInt64) throws(DiskError) {
    guard descriptor != nil, isRegular, sizeAtFirst > 0 else { return }
    let size = try sizeNow
    if size < max(offset, sizeAtFirst) { throw .endsEarly(path, offset: size) }
  }

  /// Fills `piece` with what comes next; returns how much, less than all of it only at the end.
  ///
  /// Throws `.endsEarly` when a regular file turns out to have been cut since it was opened.
  package mutating func read(into piece: inout [UInt8]) throws(DiskError) -> Int {
    var got = 0
    while got < piece.count {
      let more = try answer(for: path) {
        unsafe piece.withUnsafeMutableBufferPointer { buffer in
          unsafe Glibc.read(number, buffer.baseAddress! + got, buffer.count - got)
        }
      }
      if more == 0 { break }
      got += more
    }
    offset += UInt64(got)
    if got < piece.count { try checkNotCut(at: offset) }
    return got
  }

  /// Fills a first part of `piece` with what is there, waiting for a first byte and no longer;
  /// returns how much, 0 only at the end. For what somebody types, or writes into a pipe.
  package mutating func readSome(into piece: inout [UInt8]) throws(DiskError) -> Int {
    if descriptor != nil, isRegular { return try read(into: &piece) }
    let got = try answer(for: path) {
      unsafe piece.withUnsafeMutableBufferPointer { buffer in
        unsafe Glibc.read(number, buffer.baseAddress!, buffer.count)
      }
    }
    offset += UInt64(got)
    return got
  }

  /// Fills the first `count` bytes of `piece` from `offset` of a regular file, for several threads
  /// at once; returns fewer only where the file ends.
  ///
  /// Throws `.endsEarly` when it has been cut since it was opened.
  package func read(
    at offset: UInt64, into piece: inout [UInt8], count: Int
  ) throws(DiskError) -> Int {
    precondition(count <= piece.count, "no room for the bytes")
    var got = 0
    while got < count {
      let more = try answer(for: path) {
        unsafe piece.withUnsafeMutableBufferPointer { buffer in
          unsafe pread(
            number, buffer.baseAddress! + got, count - got, off_t(clamping: offset) + got)
        }
      }
      if more == 0 { break }
      got += more
    }
    if got < count { try checkNotCut(at: 0) }
    return got
  }

  /// All that comes; `.tooLarge` when that is more than `bytesMax` bytes.
  package mutating func readAll(bytesMax: Int) throws(DiskError) -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: min(65_536, bytesMax + 1))
    while true {
      let count = try read(into: &piece)
      bytes += piece[..<count]
      if bytes.count > bytesMax { throw .tooLarge(path, max: bytesMax) }
      if count < piece.count { return bytes }
    }
  }
}
