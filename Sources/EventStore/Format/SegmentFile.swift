// A segment's file, held by everyone who reads it and by the one who writes; closed with the last.

internal import DurableFiles

/// An open segment file.
final class SegmentFile: Sendable {
  private let file: OpenFile

  init(_ path: FilePath, _ access: FileAccess, on disk: any Disk) throws(StoreError) {
    do throws(DiskError) {
      file = try OpenFile(path, access, on: disk)
    } catch {
      throw StoreError(error)
    }
  }

  var path: FilePath { file.path }

  var disk: any Disk { file.disk }

  /// Up to `count` bytes; fewer only where the file ends.
  func read(at offset: UInt64, count: Int) throws(StoreError) -> [UInt8] {
    do throws(DiskError) { return try file.read(at: offset, count: count) } catch {
      throw StoreError(error)
    }
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StoreError) {
    do throws(DiskError) { try file.write(bytes, at: offset) } catch { throw StoreError(error) }
  }

  func sync(_ scope: SyncScope = .data) throws(StoreError) {
    do throws(DiskError) { try file.sync(scope) } catch { throw StoreError(error) }
  }

  func truncate(to size: UInt64) throws(StoreError) {
    do throws(DiskError) { try file.truncate(to: size) } catch { throw StoreError(error) }
  }

  /// Cuts the file durably, so that what stood behind can never come back.
  func cut(to size: UInt64) throws(StoreError) {
    try truncate(to: size)
    try sync(.all)
  }

  /// Whether a file of another name is on the same disk.
  func exists(_ other: FilePath) throws(StoreError) -> Bool {
    do throws(DiskError) { return try file.disk.status(at: other) != nil } catch {
      throw StoreError(error)
    }
  }

  func size() throws(StoreError) -> UInt64 {
    do throws(DiskError) { return try file.size } catch { throw StoreError(error) }
  }

  /// Maps the whole file as it is now.
  func map() throws(StoreError) -> any MappedBytes {
    do throws(DiskError) {
      return try file.disk.map(file.id, count: Int(try file.size))
    } catch {
      throw StoreError(error)
    }
  }
}
