// The calls on open files, each with the faults that may hit it.

package import Ambient
package import DurableFiles

extension SimulatedDisk {
  /// The most bytes that a file may have here.
  private static let sizeMax: UInt64 = 1 << 60

  package func open(_ path: FilePath, _ access: FileAccess) throws(DiskError) -> FileID {
    try perform(.open, path, changes: access != .reading) { (machine) throws(DiskError) in
      let node =
        switch access {
        case .reading, .writing: try machine.file(at: path)
        case .creating(let mode): try machine.make(.regular, at: path, mode: mode)
        }
      try machine.breakLease(of: node, path)
      return FileID(
        number: machine.open(node, path, by: process, changes: access != .reading))
    }
  }

  package func close(_ file: FileID) {
    machine.withLock { $0.close(file.number) }
  }

  package func read(
    _ file: FileID, at offset: UInt64, into bytes: inout MutableSpan<UInt8>, range: Range<Int>
  ) throws(DiskError) -> Int {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "no room for the bytes")
    return try perform(.read, file, offset, UInt64(range.count), changes: false) {
      (machine, handle) throws(DiskError) in
      let (node, path, start) = (handle.node, handle.path, Int(clamping: offset))
      let available = max(0, min(range.count, node.contents.size - start))
      if available == 0 { return 0 }
      try machine.fail(.interrupted, on: path, .interrupted(path))
      try machine.fail(.readFails, on: path, .io(path))
      machine.rot(node, start..<start + available, path)
      var count = available
      if available > 1, machine.fires(.shortRead, on: path) {
        count = 1 + machine.ledger.generator.below(available - 1)
        machine.record(.shortRead, on: path, "\(count) of \(available) bytes")
      }
      let wanted = range.lowerBound..<range.lowerBound + count
      let got = node.contents.read(at: start, into: &bytes, range: wanted)
      machine.trace.fold(got)
      return got
    }
  }

  package func write(
    _ file: FileID, _ bytes: Span<UInt8>, at offset: UInt64
  ) throws(DiskError) -> Int {
    try perform(.write, file, offset, UInt64(bytes.count), changes: true) {
      (machine, handle) throws(DiskError) in
      try machine.put(bytes, at: offset, handle)
    }
  }

  package func append(_ file: FileID, _ bytes: Span<UInt8>) throws(DiskError) -> Int {
    try perform(.append, file, UInt64(bytes.count), changes: true) {
      (machine, handle) throws(DiskError) in
      try machine.put(bytes, at: UInt64(handle.node.contents.size), handle)
    }
  }

  package func truncate(_ file: FileID, to size: UInt64) throws(DiskError) {
    try perform(.truncate, file, size, changes: true) { (machine, handle) throws(DiskError) in
      let path = handle.path
      guard handle.changes else { throw .denied(path) }
      guard size <= Self.sizeMax else { throw .tooLarge(path, max: Int(Self.sizeMax)) }
      try machine.fail(.interrupted, on: path, .interrupted(path))
      try machine.fail(.writeFails, on: path, .io(path))
      machine.change(handle.node) { $0.resize(to: Int(size), &$1) }
      machine.touch(handle.node, modified: true)
    }
  }

  package func allocate(_ file: FileID, to size: UInt64) throws(DiskError) {
    try perform(.allocate, file, size, changes: true) { (machine, handle) throws(DiskError) in
      let (node, path) = (handle.node, handle.path)
      guard handle.changes else { throw .denied(path) }
      guard size <= Self.sizeMax else { throw .tooLarge(path, max: Int(Self.sizeMax)) }
      try machine.fail(.interrupted, on: path, .interrupted(path))
      try machine.fail(.full, on: path, .full(path))
      let missing = Contents.pages(for: Int(size)) - node.contents.pagesUsed
      guard missing <= machine.pagesMax - machine.pagesUsed else { throw .full(path) }
      machine.change(node) { (contents, _) in contents.reserve(Int(size)) }
      machine.touch(node, modified: true)
    }
  }

  package func sync(_ file: FileID, _ scope: SyncScope) throws(DiskError) {
    try perform(.sync, file, scope == .all ? 1 : 0, changes: true) {
      (machine, handle) throws(DiskError) in
      let (node, path) = (handle.node, handle.path)
      try machine.fail(.interrupted, on: path, .interrupted(path))
      if machine.fires(.syncFails, on: path) {
        machine.record(.syncFails, on: path)
        machine.change(node) { $0.syncPartly(&$1) }
        machine.latch(process)
        throw .io(path)
      }
      if machine.fires(.syncDropped, on: path) { return machine.record(.syncDropped, on: path) }
      machine.sync(node, path)
      if scope == .all { node.storedAttributes = node.attributes }
    }
  }

  package func status(_ file: FileID) throws(DiskError) -> FileStatus {
    try perform(.status, file, changes: false) { (machine, handle) throws(DiskError) in
      machine.status(of: handle.node)
    }
  }

  package func set(_ attributes: FileAttributes, of file: FileID) throws(DiskError) {
    try perform(.set, file, changes: true) { (machine, handle) throws(DiskError) in
      let node = handle.node
      machine.touch(node, modified: false)
      // A change of owner takes the set-id bits, unless the mode is set with it.
      if attributes.owner != nil || attributes.group != nil { node.attributes.mode &= 0o1777 }
      node.attributes.owner = attributes.owner ?? node.attributes.owner
      node.attributes.group = attributes.group ?? node.attributes.group
      node.attributes.mode = attributes.mode ?? node.attributes.mode
      node.attributes.modifiedNanoseconds =
        attributes.modifiedNanoseconds ?? node.attributes.modifiedNanoseconds
    }
  }

  package func attribute(_ name: String, of file: FileID) throws(DiskError) -> [UInt8]? {
    try perform(.attribute, file, changes: false) { (machine, handle) throws(DiskError) in
      try machine.fail(.readFails, on: handle.path, .io(handle.path))
      return handle.node.attributes.extended[name]
    }
  }

  package func setAttribute(
    _ name: String, of file: FileID, to value: [UInt8]?
  ) throws(DiskError) {
    try perform(.setAttribute, file, UInt64(value?.count ?? 0), changes: true) {
      (machine, handle) throws(DiskError) in
      if let value, value.count > 65_536 { throw .tooLarge(handle.path, max: 65_536) }
      try machine.fail(.full, on: handle.path, .full(handle.path))
      handle.node.attributes.extended[name] = value
      machine.touch(handle.node, modified: false)
    }
  }

  package func lock(_ file: FileID) throws(DiskError) {
    try perform(.lock, file, changes: true) { (machine, handle) throws(DiskError) in
      guard handle.changes else { throw .denied(handle.path) }
      if let holder = machine.lock(handle.node, for: file.number) {
        throw .locked(handle.path, holder: holder)
      }
    }
  }

  package func lease(_ file: FileID) throws(DiskError) -> Bool {
    try perform(.lease, file, changes: true) { (machine, handle) throws(DiskError) in
      machine.lease(handle.node, to: file.number)
    }
  }

  package func isLeased(_ file: FileID) throws(DiskError) -> Bool {
    try perform(.lease, file, 1, changes: false) { (machine, handle) throws(DiskError) in
      machine.isLeased(handle.node, to: file.number)
    }
  }

  package func spaceLeft() throws(DiskError) -> ByteCount {
    try perform(.spaceLeft, .root, changes: false) { (machine) throws(DiskError) in
      ByteCount((machine.pagesMax - machine.pagesUsed) * Contents.pageSize)
    }
  }
}

extension Machine {
  /// Writes a first part of the bytes, as much as faults and space allow.
  fileprivate mutating func put(
    _ bytes: Span<UInt8>, at offset: UInt64, _ handle: Handle
  ) throws(DiskError) -> Int {
    let (node, path, start) = (handle.node, handle.path, Int(clamping: offset))
    if bytes.isEmpty { return 0 }
    guard handle.changes else { throw .denied(path) }
    guard start < 1 << 60 else { throw .tooLarge(path, max: 1 << 60) }
    try fail(.interrupted, on: path, .interrupted(path))
    try fail(.full, on: path, .full(path))
    var count = bytes.count
    let failing = fires(.writeFails, on: path)
    if failing {
      // A device may fail after all of it, too.
      if !ledger.generator.chance(oneIn: 4) { count = ledger.generator.below(count + 1) }
      record(.writeFails, on: path, "\(count) of \(bytes.count) bytes")
    } else if count > 1, fires(.shortWrite, on: path) {
      count = 1 + ledger.generator.below(count - 1)
      record(.shortWrite, on: path, "\(count) of \(bytes.count) bytes")
    }
    count = node.contents.fitting(count, at: start, pagesLeft: pagesMax - pagesUsed)
    if count > 0 {
      let taken = bytes.extracting(0..<count)
      change(node) { (contents, generator) in contents.write(taken, at: start, &generator) }
      touch(node, modified: true)
      trace.fold(taken)
    }
    if failing { throw .io(path) }
    if count == 0 { throw .full(path) }
    return count
  }

  /// Lets a bit of what is about to be read rot, if that is to happen and any of it is stored.
  fileprivate mutating func rot(_ node: Node, _ range: Range<Int>, _ path: FilePath) {
    guard ledger.isArmed(.bitRot) else { return }
    let pages = node.contents.cleanPages(in: range)
    guard !pages.isEmpty, fires(.bitRot, on: path) else { return }
    let page = pages[ledger.generator.below(pages.count)]
    let here = (page * Contents.pageSize..<(page + 1) * Contents.pageSize).clamped(to: range)
    let offset = here.lowerBound + ledger.generator.below(here.count)
    let bit = ledger.generator.below(8)
    node.contents.flip(bit: bit, at: offset)
    record(.bitRot, on: path, "bit \(bit) of byte \(offset)")
  }

  /// Makes a file's bytes durable, unless one of its pages goes astray.
  fileprivate mutating func sync(_ node: Node, _ path: FilePath) {
    guard ledger.isArmed(.misdirectedWrite),
      let page = node.contents.unsyncedPages.randomElement(
        using: &ledger.generator), let target = strayTarget(for: page, of: node),
      fires(.misdirectedWrite, on: path)
    else {
      return change(node) { (contents, _) in contents.sync() }
    }
    let bytes = change(node) { (contents, _) in
      let bytes = contents.divert(page)
      contents.sync()
      return bytes
    }
    change(target.node) { (contents, _) in contents.overwrite(target.page, with: bytes) }
    record(
      .misdirectedWrite, on: path,
      "page \(page) landed on page \(target.page) of \(target.node.path)")
  }

  /// Another page of the file, or one of another file when it has no other.
  private mutating func strayTarget(for page: Int, of node: Node) -> (node: Node, page: Int)? {
    let count = Contents.pages(for: node.contents.size)
    if count > 1 {
      let other = ledger.generator.below(count - 1)
      return (node, other < page ? other : other + 1)
    }
    let others = nodes.values.filter { $0.kind == .regular && $0.contents.size > 0 && $0 !== node }
      .sorted { $0.id < $1.id }
    guard let other = others.randomElement(using: &ledger.generator) else { return nil }
    return (other, ledger.generator.below(Contents.pages(for: other.contents.size)))
  }
}
