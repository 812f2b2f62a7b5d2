// The watcher of choice: one mark on the whole file system, whatever the number of directories,
// and events that name the process. It needs the right to administer the system.
//
// An event carries the kernel's handle of a directory and a name in it. The handle is opened and
// its place read back, so a directory that moved since is told where it is now, and what happened
// elsewhere on the file system is dropped. The kernel merges events of one name that were not read
// yet, whatever came in between; where that hides their order, the name itself is looked at. Other
// file systems mounted below the root are not watched. See fanotify(7).

import Ambient
import CLinux
import Glibc
import Synchronization

/// Tells of changes through fanotify(7).
package final class FanotifyWatcher: ChangeWatcher {
  /// The most places of directories that are remembered.
  private static let placesMax = 65_536

  private struct State {
    /// Where directories are, by handle; nil for those outside the root.
    var places: [[UInt8]: FilePath?] = [:]
    var arrivals: Arrivals
    var events: [ChangeEvent] = []
  }

  package let mechanism = WatchMechanism.fanotify
  private let disk: PosixDisk
  private let queue: KernelQueue
  // Held while one thread asks; `stop` does not need it.
  private let state: Mutex<State>

  /// Watches all of the disk but what is within `excluded`.
  package convenience init(
    on disk: PosixDisk, excluding excluded: [FilePath] = []
  ) throws(DiskError) {
    do throws(DiskError) {
      try self.init(on: disk, excluding: excluded, movesAsOne: true)
    } catch .system(_, EINVAL) {
      try self.init(on: disk, excluding: excluded, movesAsOne: false)
    }
  }

  /// Watches as on a kernel that tells of moves in one event or in two.
  init(on disk: PosixDisk, excluding excluded: [FilePath], movesAsOne: Bool) throws(DiskError) {
    self.disk = disk
    state = Mutex(State(arrivals: Arrivals(on: disk, excluding: excluded)))
    queue = try KernelQueue(Descriptor(try answer(for: .root) { clinux_fanotify() }))
    let (watcher, root) = (queue.watcher.number, disk.root.number)
    try answer(for: .root) { clinux_try_handles(root) }
    let wanted = movesAsOne ? Record.wanted : Record.wantedInHalves
    do throws(DiskError) {
      try answer(for: .root) { clinux_fanotify_mark(watcher, root, wanted) }
    } catch .notRegular {
      // The kernel's way to say that the file system has no identity of its own.
      throw .unsupported(.root)
    }
  }

  package func stop() {
    queue.stop()
  }

  package func next(timeout: Duration) throws(DiskError) -> [ChangeEvent]? {
    try state.withLock { (state) throws(DiskError) in
      // Unfinished work is gone on with at once.
      let patience = state.arrivals.isEmpty ? timeout : .zero
      guard case .records(let records) = try queue.wait(patience) else { return nil }
      var reader = RecordReader(records[...])
      var users: [Int32: UInt32?] = [:]
      while !reader.isAtEnd {
        var record = Record(&reader)
        record.user = users[record.process] ?? Self.user(of: record.process)
        users[record.process] = record.user
        try take(record, &state)
      }
      state.events += state.arrivals.step { _ in }
      defer { state.events = [] }
      return state.events
    }
  }

  private static func user(of process: Int32) -> UInt32? {
    var user: UInt32 = 0
    return unsafe process > 0 && clinux_process_user(process, &user) == 0 ? user : nil
  }

}

// What the kernel tells.
extension FanotifyWatcher {
  private func take(_ record: Record, _ state: inout State) throws(DiskError) {
    if record.says(.overflow) {
      state.places = [:]
      state.events.append(ChangeEvent(.overflow))
      return
    }
    // A directory that moved takes the places of all within it along.
    if record.isDirectory, record.says(.moved) || record.says(.movedFrom) {
      state.places = [:]
    }
    if record.says(.moved) {
      try takeMove(record, &state)
    } else if let spot = record.spot, let path = try path(spot, &state) {
      try take(record, of: path, &state)
    }
  }

  private func takeMove(_ record: Record, _ state: inout State) throws(DiskError) {
    let from = try path(record.origin, &state)
    let to = try path(record.target, &state)
    switch (from, to) {
    case (let from?, let to?):
      state.events.append(record.event(.moved(from: from, to: to)))
      if record.isDirectory { state.arrivals.move(from, to: to) }
      // Another file may have got the name, or this one lost it, in events that were merged into
      // earlier ones.
      if let stands = try standing(at: from) { arrive(from, stands, record, &state) }
      if try standing(at: to) == nil { state.events.append(record.event(.removed(to))) }
    case (let from?, nil): state.events.append(record.event(.removed(from)))
    case (nil, let to?): arrive(to, record.isDirectory ? .directory : .regular, record, &state)
    case (nil, nil): break
    }
  }

  /// Tells of one name, whose events may have been merged.
  private func take(
    _ record: Record, of path: FilePath, _ state: inout State
  ) throws(DiskError) {
    let leaves = record.says(.removed) || record.says(.movedFrom)
    let comes = record.says(.created) || record.says(.written) || record.says(.movedTo)
    // Of what came and went, the name itself knows what was last.
    if leaves, comes, let stands = try standing(at: path) {
      state.events.append(record.event(.removed(path)))
      return arrive(path, stands, record, &state)
    }
    if record.says(.movedTo) {
      arrive(path, record.isDirectory ? .directory : .regular, record, &state)
    } else {
      if record.says(.created) {
        state.events.append(record.event(.created(path)))
        if record.isDirectory { adopt(path, &state) }
      }
      if record.says(.written) { state.events.append(record.event(.written(path))) }
    }
    if leaves { state.events.append(record.event(.removed(path))) }
  }

  /// What stands at the path; nil when nothing does, or the way to it is gone.
  private func standing(at path: FilePath) throws(DiskError) -> FileKind? {
    do throws(DiskError) {
      return try disk.status(at: path)?.kind
    } catch {
      guard error.isOfSomethingGone else { throw error }
      return nil
    }
  }

  /// Tells of something that came from elsewhere, as it is.
  private func arrive(
    _ path: FilePath, _ kind: FileKind, _ record: Record, _ state: inout State
  ) {
    state.events.append(record.event(.created(path), isDirectory: kind == .directory))
    if kind == .regular { state.events.append(record.event(.written(path), isDirectory: false)) }
    if kind == .directory { adopt(path, &state) }
  }

  /// Has a directory walked through that may hold what no event told of.
  private func adopt(_ path: FilePath, _ state: inout State) {
    if !state.arrivals.add(path) { state.events.append(ChangeEvent(.overflow)) }
  }
}

// Where it happened.
extension FanotifyWatcher {
  /// The path of a name, unless it is outside the root, excluded, or its directory is gone.
  private func path(_ spot: Record.Spot?, _ state: inout State) throws(DiskError) -> FilePath? {
    guard let spot, let directory = try place(of: spot.directory, &state) else { return nil }
    let path = directory.appending(spot.name)
    return state.arrivals.excludes(path) ? nil : path
  }

  private func place(of handle: [UInt8], _ state: inout State) throws(DiskError) -> FilePath? {
    if let known = state.places[handle] { return known }
    guard let found = try look(up: handle) else { return nil }
    if state.places.count == Self.placesMax { state.places = [:] }
    state.places[handle] = .some(found.path)
    return found.path
  }

  /// Where the directory is now, with nil for outside the root; nil when it is gone.
  private func look(up handle: [UInt8]) throws(DiskError) -> (path: FilePath?, Void)? {
    let root = disk.root.number
    do throws(DiskError) {
      let opened = Descriptor(
        try answer(for: .root) { unsafe clinux_open_handle(root, handle, handle.count) })
      if try disk.status(of: opened, .root).links == 0 { return nil }
      let (base, place) = (try Self.place(of: root), try Self.place(of: opened.number))
      if place == base { return (.root, ()) }
      let prefix = base == [UInt8(ascii: "/")] ? base : base + [UInt8(ascii: "/")]
      guard place.starts(with: prefix) else { return (nil, ()) }
      return (try FilePath(bytes: Array(place.dropFirst(prefix.count))), ())
    } catch .system(_, ESTALE) {
      return nil
    }
  }

  private static func place(of file: Int32) throws(DiskError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 8_192)
    let count = try answer(for: .root) { unsafe clinux_place(file, &bytes, bytes.count) }
    return Array(bytes[..<Int(count)])
  }
}

/// One event of fanotify(7): length 4, version 1, reserved 1, length of this head 2, mask 8, file 4,
/// process 4, then records of where: type 1, padding 1, length 2, file system 8, handle, name.
private struct Record {
  enum Bit: UInt64 {
    case written = 0x8
    case movedFrom = 0x40
    case movedTo = 0x80
    case created = 0x100
    case removed = 0x200
    case overflow = 0x4000
    case moved = 0x1000_0000
    case directory = 0x4000_0000
  }

  /// A name in a directory, which is given by its handle.
  struct Spot {
    let directory: [UInt8]
    let name: [UInt8]
  }

  static let wanted: UInt64 = 0x8 | 0x100 | 0x200 | 0x1000_0000 | 0x4000_0000
  static let wantedInHalves: UInt64 = 0x8 | 0x100 | 0x200 | 0x40 | 0x80 | 0x4000_0000

  let mask: UInt64
  let process: Int32
  /// The user that the process had when the event was read.
  var user: UInt32?
  private(set) var spot: Spot?
  private(set) var origin: Spot?
  private(set) var target: Spot?

  init(_ reader: inout RecordReader) {
    let length = Int(reader.number(UInt32.self))
    _ = reader.take(4)
    mask = reader.number(UInt64.self)
    _ = reader.take(4)
    process = reader.number(Int32.self)
    var records = RecordReader(reader.take(max(0, length - 24)))
    while !records.isAtEnd {
      let kind = records.number(UInt8.self)
      _ = records.take(1)
      let body = records.take(max(0, Int(records.number(UInt16.self)) - 4))
      switch kind {
      case 2: spot = Self.spot(body)
      case 10: origin = Self.spot(body)
      case 12: target = Self.spot(body)
      default: break
      }
    }
  }

  private static func spot(_ body: ArraySlice<UInt8>) -> Spot? {
    var reader = RecordReader(body)
    _ = reader.take(8)
    var peek = reader
    let handle = Array(reader.take(8 + Int(peek.number(UInt32.self))))
    let name = Array(reader.take(body.count).prefix { $0 != 0 })
    let isName = !name.isEmpty && !name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8)
    return isName ? Spot(directory: handle, name: name) : nil
  }

  var isDirectory: Bool { says(.directory) }

  func says(_ bit: Bit) -> Bool { mask & bit.rawValue != 0 }

  /// The change, with what this record knows of its author.
  func event(_ change: Change, isDirectory: Bool? = nil) -> ChangeEvent {
    ChangeEvent(
      change, isDirectory: isDirectory ?? self.isDirectory, process: process > 0 ? process : nil,
      user: user)
  }
}
