// Where the bytes of a download go. A sink is written at any offset, by several threads at once and
// again after a failure; one that must have its bytes in order says so, and then parts wait for
// their turn. Nothing in a sink counts before the download has returned.

public import DurableFiles
import Synchronization

/// A place for bytes at any position.
public protocol ObjectSink: Sendable {
  /// Whether bytes must come from one thread and in order, each `begin` starting anew.
  var isOrdered: Bool { get }
  /// Told before the first byte how many will come; told again when the transfer starts anew, and
  /// what was written before is void. Throws `.sinkFailed`.
  func begin(size: UInt64) throws(StorageError)
  /// Takes bytes that belong at the offset. Throws `.sinkFailed`.
  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError)
}

/// Bytes in memory, for small objects.
public final class BytesSink: ObjectSink {
  private let state = Mutex<[UInt8]>([])
  private let bytesMax: Int

  /// A sink that refuses an object of more than `bytesMax` bytes.
  public init(bytesMax: Int) {
    self.bytesMax = bytesMax
  }

  /// What was written.
  public var bytes: [UInt8] { state.withLock { $0 } }

  public var isOrdered: Bool { false }

  public func begin(size: UInt64) throws(StorageError) {
    guard size <= UInt64(bytesMax) else { throw .tooLarge(size: size, bytesMax: UInt64(bytesMax)) }
    state.withLock { $0 = [UInt8](repeating: 0, count: Int(size)) }
  }

  public func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) {
    state.withLock { (kept: inout [UInt8]) in
      var span = kept.mutableSpan
      span.copy(bytes, at: Int(offset))
    }
  }
}

/// A file open for writing; what it held before is cut off.
public final class FileSink: ObjectSink {
  private let file: OpenFile

  /// Takes the file over.
  public init(_ file: consuming OpenFile) {
    self.file = file
  }

  public var isOrdered: Bool { false }

  /// Reserves the space, so that a full disk is found before the bytes travel.
  public func begin(size: UInt64) throws(StorageError) {
    do throws(DiskError) {
      try file.truncate(to: 0)
      do throws(DiskError) {
        try file.allocate(to: size)
      } catch .unsupported {
        // Then a full disk is found on the way.
      }
    } catch {
      throw .sinkFailed(error)
    }
  }

  public func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) {
    do throws(DiskError) {
      try file.write(bytes, at: offset)
    } catch {
      throw .sinkFailed(error)
    }
  }

  /// Lends the file, to sync it and to set its attributes.
  public func withFile<Result, Failure: Error>(
    _ body: (borrowing OpenFile) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(file)
  }
}
