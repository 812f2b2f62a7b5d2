// Digests of files that a person names, whole or on several threads. A file of any size passes
// through pieces of one size, so memory is bounded by their number, which is that of the threads.

import Digests
import DurableFiles

/// A function from a file's bytes to what stands before its name in a list.
enum DigestFunction: String, CaseIterable, Sendable {
  case blake3
  case sha256
  case md5
  case crc32c

  /// How many hexadecimal digits a digest has.
  var digits: Int {
    switch self {
    case .blake3, .sha256: 64
    case .md5: 32
    case .crc32c: 8
    }
  }

  /// What people call it.
  var title: String {
    switch self {
    case .blake3: "BLAKE3"
    case .sha256: "SHA-256"
    case .md5: "MD5"
    case .crc32c: "CRC-32C"
    }
  }
}

/// Why a file has no digest.
enum HashingError: Error {
  case unreadable(DiskError)
  case refused(DigestsError)
}

extension HashingError: CustomStringConvertible {
  var description: String {
    switch self {
    case .unreadable(let error): "\(error)"
    case .refused(let error): "\(error)"
    }
  }
}

extension DigestFunction {
  /// The size from which several threads are worth starting.
  private static let parallelBytesMin: UInt64 = 1 << 20
  /// What is read at once.
  private static let pieceBytes = 256 * 1_024

  /// The digest of a file, or of standard input when its name is `-`, in hexadecimal.
  ///
  /// `progress` is told how many bytes are done, and of how many if that is known.
  func digest(
    of name: [UInt8], threads: Int, progress: (_ done: UInt64, _ total: UInt64?) -> Void
  ) throws(HashingError) -> String {
    switch self {
    case .blake3: try Self.blake3(of: name, threads: threads, progress)
    case .sha256: try Self.digest(of: name, by: Sha256(), progress)
    case .md5: try Self.digest(of: name, by: Self.md5(), progress)
    case .crc32c: try Self.digest(of: name, by: Crc32c(), progress)
    }
  }

  private static func md5() throws(HashingError) -> Md5 {
    do throws(DigestsError) {
      return try Md5()
    } catch {
      throw .refused(error)
    }
  }

  private static func blake3(
    of name: [UInt8], threads: Int, _ progress: (UInt64, UInt64?) -> Void
  ) throws(HashingError) -> String {
    do throws(DiskError) {
      let file = try UserFile.named(name)
      let size = try file.size
      guard threads > 1, let size, size >= parallelBytesMin else {
        return try digest(of: file, by: Blake3(), progress)
      }
      return try blake3(ofLarge: file, threads: threads) { progress($0, size) }
    } catch {
      throw .unreadable(error)
    }
  }

  private static func blake3(
    ofLarge file: consuming UserFile, threads: Int, _ progress: (UInt64) -> Void
  ) throws(DiskError) -> String {
    let file = file
    return try Blake3.digest(
      threads: threads, progress: progress,
      reading: { (offset, piece) throws(DiskError) in
        try file.read(at: offset, into: &piece, count: piece.count)
      }
    ).description
  }

  private static func digest(
    of name: [UInt8], by running: consuming some RunningDigest & ~Copyable,
    _ progress: (UInt64, UInt64?) -> Void
  ) throws(HashingError) -> String {
    do throws(DiskError) {
      return try digest(of: try UserFile.named(name), by: running, progress)
    } catch {
      throw .unreadable(error)
    }
  }

  private static func digest(
    of file: consuming UserFile, by running: consuming some RunningDigest & ~Copyable,
    _ progress: (UInt64, UInt64?) -> Void
  ) throws(DiskError) -> String {
    let size = try file.size
    var piece = [UInt8](repeating: 0, count: pieceBytes)
    var done: UInt64 = 0
    while true {
      let count = try file.read(into: &piece)
      running.update(piece.span.extracting(first: count))
      done += UInt64(count)
      progress(done, size)
      if count < piece.count { return running.hexadecimal }
    }
  }
}

extension UserFile {
  /// The file of this name, or standard input when it is `-`.
  static func named(_ name: [UInt8]) throws(DiskError) -> UserFile {
    name.elementsEqual("-".utf8) ? try .standardInput() : try UserFile(bytes: name)
  }
}

/// A digest in progress, by whichever function.
private protocol RunningDigest: ~Copyable {
  mutating func update(_ bytes: Span<UInt8>)
  var hexadecimal: String { get }
}

extension Blake3: RunningDigest {
  fileprivate var hexadecimal: String { digest().description }
}

extension Sha256: RunningDigest {
  fileprivate var hexadecimal: String { digest().description }
}

extension Md5: RunningDigest {
  fileprivate var hexadecimal: String { digest().description }
}

extension Crc32c: RunningDigest {
  fileprivate var hexadecimal: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.utf8.count) + digits
  }
}
