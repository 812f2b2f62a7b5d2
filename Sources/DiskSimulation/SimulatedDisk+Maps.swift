// Files as memory: a mapping reads the page cache of its machine, and a stored word dirties a page
// like any write, so it is lost with the power unless its file was synced.

import Ambient
package import DurableFiles
import Synchronization

extension SimulatedDisk {
  package var machineStart: UInt64 { machine.withLock(\.starts) }

  package func map(_ file: FileID, count: Int) throws(DiskError) -> any MappedBytes {
    // The mapping is made outside the lock: it takes the lock when it goes, and it goes at once
    // when the power fails at the end of the call.
    let number = try perform(.map, file, UInt64(count), changes: false) {
      (machine, handle) throws(DiskError) in
      let size = handle.node.contents.size
      guard size >= count else { throw .endsEarly(handle.path, offset: UInt64(size)) }
      // An opening of its own, so that the mapping outlives the file's.
      return machine.open(handle.node, handle.path, by: process, changes: false)
    }
    return SimulatedMap(machine, number, count: count)
  }

  package func sharedWords(
    _ path: FilePath, count: Int, writing: Bool
  ) throws(DiskError) -> any SharedWords {
    let number = try perform(.sharedWords, path, UInt64(count), changes: writing) {
      (machine) throws(DiskError) in
      if writing, try machine.find(path) == nil {
        _ = try machine.make(.regular, at: path, mode: 0o644)
      }
      let node = try machine.file(at: path)
      try machine.breakLease(of: node, path)
      let size = node.contents.size
      if size < count * 8 {
        if !writing { throw .endsEarly(path, offset: UInt64(size)) }
        machine.change(node) { (contents, _) in contents.reserve(count * 8) }
      }
      return machine.open(node, path, by: process, changes: writing)
    }
    return SimulatedWords(self, FileID(number: number), count: count)
  }
}

private final class SimulatedMap: MappedBytes {
  let count: Int
  private let machine: Monitor<Machine>
  private let number: Int32
  private let seen: Mutex<(version: Int, bytes: [UInt8])>

  init(_ machine: Monitor<Machine>, _ number: Int32, count: Int) {
    self.machine = machine
    self.number = number
    self.count = count
    seen = Mutex((version: -1, bytes: [UInt8](repeating: 0, count: count)))
  }

  deinit {
    machine.withLock { $0.close(number) }
  }

  func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let bytes = refreshed()
    return try body(bytes.span)
  }

  /// The bytes as they are now; as they were last seen, if this process is dead.
  private func refreshed() -> [UInt8] {
    seen.withLock { seen in
      let version = seen.version
      let fresh = machine.withLock { (machine: inout Machine) -> (Int, [UInt8])? in
        guard let contents = machine.handles[number]?.node.contents, contents.version != version
        else { return nil }
        return (contents.version, contents.bytes(count: count))
      }
      if let fresh { seen = (version: fresh.0, bytes: fresh.1) }
      return seen.bytes
    }
  }
}

private final class SimulatedWords: SharedWords {
  let count: Int
  private let disk: SimulatedDisk
  private let file: FileID

  init(_ disk: SimulatedDisk, _ file: FileID, count: Int) {
    self.disk = disk
    self.file = file
    self.count = count
  }

  deinit {
    disk.close(file)
  }

  func load(_ index: Int) -> UInt64 {
    check(index)
    return disk.machine.withLock { word(index, in: $0) }
  }

  func store(_ value: UInt64, at index: Int) {
    check(index)
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    do throws(DiskError) {
      try disk.perform(.store, file, UInt64(index), value, changes: false) {
        (machine, handle) throws(DiskError) in
        machine.change(handle.node) { $0.write(bytes.span, at: index * 8, &$1) }
      }
    } catch {
      // A dead process stores nothing, and memory has no way to say so.
    }
    disk.machine.wakeAll()
  }

  func wait(_ index: Int, while value: UInt64, timeout: Duration) -> UInt64 {
    check(index)
    switch disk.machine.withLock(\.threads) {
    case .one:
      if load(index) == value { disk.clock.advance(by: max(timeout, .zero)) }
      return load(index)
    case .many:
      return disk.machine.wait(timeout: timeout) { (machine: inout Machine) -> UInt64? in
        let now = word(index, in: machine)
        return now == value ? nil : now
      } ?? value
    }
  }

  /// A word in the order of this machine's bytes; zero in a dead process.
  private func word(_ index: Int, in machine: Machine) -> UInt64 {
    guard let contents = machine.handles[file.number]?.node.contents else { return 0 }
    var bytes = [UInt8](repeating: 0, count: 8)
    var span = bytes.mutableSpan
    _ = contents.read(at: index * 8, into: &span, range: 0..<8)
    return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private func check(_ index: Int) {
    precondition(index >= 0 && index < count, "there is no such word")
  }
}
