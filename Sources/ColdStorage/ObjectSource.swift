// Where the bytes of an upload come from. A source knows its size and is read at any offset, by
// several threads at once and again after a failure, so that parts travel side by side and a lost
// one is sent again without the others.

public import DurableFiles

/// Bytes that can be read at any position.
public protocol ObjectSource: Sendable {
  /// How many bytes there are; it does not change.
  var size: UInt64 { get }
  /// Fills the first `count` bytes of `bytes` with those from `offset`, which lie within the size.
  /// Throws `.sourceFailed`.
  func read(at offset: UInt64, into bytes: inout [UInt8], count: Int) throws(StorageError)
}

/// Bytes in memory.
public struct BytesSource: ObjectSource {
  private let bytes: [UInt8]

  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  public var size: UInt64 { UInt64(bytes.count) }

  public func read(
    at offset: UInt64, into target: inout [UInt8], count: Int
  ) throws(StorageError) {
    let start = Int(offset)
    target.replaceSubrange(0..<count, with: bytes[start..<start + count])
  }
}

/// An open file, as long as it was when it became a source.
public final class FileSource: ObjectSource {
  private let file: OpenFile
  public let size: UInt64

  /// Takes the file over; throws `.sourceFailed` when its size cannot be told.
  public init(_ file: consuming OpenFile) throws(StorageError) {
    do throws(DiskError) {
      size = try file.size
    } catch {
      throw .sourceFailed(error)
    }
    self.file = file
  }

  /// Throws `.sourceFailed(.endsEarly)` when the file has been cut since.
  public func read(
    at offset: UInt64, into bytes: inout [UInt8], count: Int
  ) throws(StorageError) {
    do throws(DiskError) {
      let got = try file.read(at: offset, into: &bytes, count: count)
      if got < count { throw .endsEarly(file.path, offset: offset + UInt64(got)) }
    } catch {
      throw .sourceFailed(error)
    }
  }
}
