// A simulated machine: its files in memory and on the device, its processes, and what goes wrong.
// Everything is decided here, under one lock, by one generator; nothing depends on the order of a
// set or dictionary, which differs from run to run.
//
//   running ──power fails──▶ off ──boots──▶ running
//      processes die with the power, or one by one when they are killed

import Ambient
import DurableFiles

/// What the file system says of a node besides its bytes.
struct Attributes: Equatable {
  var mode: UInt16
  var owner: UInt32 = 0
  var group: UInt32 = 0
  var modifiedNanoseconds: Int64
  var changedNanoseconds: Int64
  var extended: [String: [UInt8]] = [:]
}

/// A file, a directory, a link or something else. It lives in one machine, under that one's lock.
final class Node {
  let id: NodeID
  let kind: FileKind
  var contents = Contents()
  var directory = Directory()
  var attributes: Attributes
  var storedAttributes: Attributes
  /// How many names lead to it now.
  var links = 1
  /// How many openings of it there are.
  var openings = 0
  /// The name it was given last.
  var path: FilePath

  init(_ id: NodeID, _ kind: FileKind, _ attributes: Attributes, at path: FilePath) {
    self.id = id
    self.kind = kind
    self.attributes = attributes
    self.path = path
    storedAttributes = attributes
  }
}

/// An opening of a file by a process.
struct Handle {
  let node: Node
  let path: FilePath
  let process: Int32
  let changes: Bool
}

/// A process, which dies once.
struct Process {
  let readOnly: Bool
  /// A sync has failed in it.
  var latched = false
}

/// All of a machine; only ever used under its lock.
struct Machine {
  static let root: NodeID = 0

  let threads: SimulatedDisk.Threads
  let clock: ManualClock
  let pagesMax: Int
  var ledger: FaultLedger
  var trace = Trace()
  private(set) var operation = 0
  private(set) var isPowered = true
  /// How often it was started.
  private(set) var starts: UInt64 = 1
  /// The power fails when the operation in progress has had its effect.
  private var crashesAfterwards = false
  /// The process that is killed when the operation in progress has had its effect.
  private var killedAfterwards: Int32?

  private(set) var nodes: [NodeID: Node] = [:]
  private var nextNode = Machine.root + 1
  private var sweepAt = 1_024
  var journal = NameJournal()
  private(set) var handles: [Int32: Handle] = [:]
  private var nextHandle: Int32 = 3
  /// Which opening holds the lock on a file.
  private var locks: [NodeID: Int32] = [:]
  /// Which opening has a file for itself, and whether another was tried since.
  private var leases: [NodeID: (number: Int32, isBroken: Bool)] = [:]
  private(set) var processes: [Int32: Process] = [:]
  private var nextProcess: Int32 = 100
  private(set) var pagesUsed = 0

  init(
    seed: UInt64, _ plan: FaultPlan, _ clock: ManualClock, _ threads: SimulatedDisk.Threads,
    capacity: ByteCount
  ) {
    self.threads = threads
    self.clock = clock
    ledger = FaultLedger(seed: seed, plan)
    pagesMax = Int(capacity.bytes) / Contents.pageSize
    nodes[Self.root] = Node(Self.root, .directory, newAttributes(mode: 0o755), at: .root)
  }

  /// Starts a process, on a machine that has power.
  mutating func start(readOnly: Bool) -> Int32 {
    defer { nextProcess += 1 }
    processes[nextProcess] = Process(readOnly: readOnly)
    return nextProcess
  }

  /// Ends a process with its openings and locks; what it wrote stays in memory.
  mutating func kill(_ process: Int32) {
    processes[process] = nil
    for number in handles.keys.sorted() where handles[number]!.process == process {
      close(number)
    }
  }

  /// Begins an operation of a process: time passes, and what may go wrong at any time may do so.
  mutating func begin(
    _ call: Call, by process: Int32, _ path: FilePath, _ first: UInt64, _ second: UInt64,
    changes: Bool
  ) throws(DiskError) {
    guard isPowered, let running = processes[process] else { throw .crashed }
    operation += 1
    clock.advance(by: .microseconds(1 + ledger.generator.below(100)))
    trace.begin(
      operation, process, call, path, first, second,
      nanoseconds: clock.monotonic.now().nanoseconds)
    if changes {
      if running.readOnly { throw .readOnly(path) }
      if running.latched { throw .latched(path) }
    }
    if fires(.clockJump, on: path) { jump(on: path) }
    if fires(.crash, on: path) {
      let afterwards = ledger.generator.chance(oneIn: 2)
      record(.crash, on: path, afterwards ? "after the call" : "before the call")
      if afterwards {
        crashesAfterwards = true
      } else {
        losePower()
        throw .crashed
      }
    }
    if fires(.killed, on: path) {
      let afterwards = ledger.generator.chance(oneIn: 2)
      record(.killed, on: path, afterwards ? "after the call" : "before the call")
      if afterwards {
        killedAfterwards = process
      } else {
        kill(process)
        throw .crashed
      }
    }
  }

  /// Ends the operation; throws when the power failed or the process was killed after all.
  mutating func end(_ error: DiskError?) throws(DiskError) {
    trace.end(error)
    if crashesAfterwards {
      losePower()
      throw .crashed
    }
    if let killed = killedAfterwards.take() {
      kill(killed)
      throw .crashed
    }
  }

  private mutating func jump(on path: FilePath) {
    let seconds = ledger.generator.below(14_401) - 7_200
    clock.jump(to: clock.wall.now() + .seconds(seconds))
    record(.clockJump, on: path, "\(seconds) s")
  }

  /// From now on the process is refused everything but reading.
  mutating func latch(_ process: Int32) {
    processes[process]?.latched = true
  }

  mutating func fires(_ fault: Fault, on path: FilePath) -> Bool {
    ledger.fires(fault, on: path, at: operation)
  }

  mutating func record(
    _ fault: Fault, on path: FilePath, _ detail: @autoclosure () -> String = ""
  ) {
    ledger.record(fault, on: path, at: operation, detail())
  }

  /// Throws the error when the fault fires.
  mutating func fail(
    _ fault: Fault, on path: FilePath, _ error: DiskError
  ) throws(DiskError) {
    if fires(fault, on: path) {
      record(fault, on: path)
      throw error
    }
  }

  mutating func open(_ node: Node, _ path: FilePath, by process: Int32, changes: Bool) -> Int32 {
    defer { nextHandle += 1 }
    node.openings += 1
    handles[nextHandle] = Handle(node: node, path: path, process: process, changes: changes)
    return nextHandle
  }

  mutating func close(_ number: Int32) {
    guard let handle = handles.removeValue(forKey: number) else { return }
    if locks[handle.node.id] == number { locks[handle.node.id] = nil }
    if leases[handle.node.id]?.number == number { leases[handle.node.id] = nil }
    handle.node.openings -= 1
    giveBackSpace(of: handle.node)
  }

  /// Takes a name from a node.
  mutating func unlink(_ node: Node) {
    node.links -= 1
    giveBackSpace(of: node)
  }

  /// Counts the pages of a file as free once neither a name nor an opening leads to it.
  private mutating func giveBackSpace(of node: Node) {
    if node.links == 0, node.openings == 0 { pagesUsed -= node.contents.pagesUsed }
  }

  /// Leases the file to an opening; false when another exists.
  mutating func lease(_ node: Node, to number: Int32) -> Bool {
    guard node.openings == 1 else { return false }
    leases[node.id] = (number: number, isBroken: false)
    return true
  }

  /// Whether the opening has the lease and nobody tried to open the file since.
  func isLeased(_ node: Node, to number: Int32) -> Bool {
    leases[node.id].map { $0.number == number && !$0.isBroken } ?? false
  }

  /// Refuses another opening of a leased file, and remembers that it was tried.
  mutating func breakLease(of node: Node, _ path: FilePath) throws(DiskError) {
    guard leases[node.id] != nil else { return }
    leases[node.id]?.isBroken = true
    throw .locked(path, holder: 0)
  }

  /// Locks the file for an opening; returns the process that keeps it from that, if any does.
  mutating func lock(_ node: Node, for number: Int32) -> Int32? {
    if let holder = locks[node.id], holder != number { return handles[holder]?.process ?? 0 }
    locks[node.id] = number
    return nil
  }

  func newAttributes(mode: UInt16) -> Attributes {
    let now = clock.wall.now().microseconds * 1_000
    return Attributes(mode: mode, modifiedNanoseconds: now, changedNanoseconds: now)
  }

  /// Makes a node with a name.
  mutating func make(
    _ kind: FileKind, _ name: [UInt8], in parent: Node, mode: UInt16, at path: FilePath
  ) -> Node {
    let node = Node(nextNode, kind, newAttributes(mode: mode), at: path)
    nextNode += 1
    nodes[node.id] = node
    edit([NameEdit(directory: parent.id, name: name, node: node.id)])
    return node
  }

  /// Changes names, now and, once synced, on the device.
  mutating func edit(_ edits: [NameEdit], emptied: NodeID? = nil) {
    journal.enter(edits, emptied: emptied)
    for edit in edits {
      let parent = nodes[edit.directory]!
      setName(edit.name, in: parent, to: edit.node)
      touch(parent, modified: true)
    }
    if nodes.count > sweepAt { sweep() }
  }

  private mutating func setName(_ name: [UInt8], in parent: Node, to node: NodeID?) {
    parent.directory.set(name, to: node) {
      Int64(truncatingIfNeeded: ledger.generator.next() >> 2) + 1
    }
  }

  /// Sets the times of a node to the present.
  func touch(_ node: Node, modified: Bool) {
    let now = clock.wall.now().microseconds * 1_000
    node.attributes.changedNanoseconds = now
    if modified { node.attributes.modifiedNanoseconds = now }
  }

  /// Changes a file's contents and keeps the account of pages.
  mutating func change<Result>(
    _ node: Node, _ body: (inout Contents, inout SeededGenerator) -> Result
  ) -> Result {
    let before = node.contents.pagesUsed
    defer { pagesUsed += node.contents.pagesUsed - before }
    return body(&node.contents, &ledger.generator)
  }

  /// Forgets nodes that neither a name nor an opening can lead to, not even after a power failure.
  private mutating func sweep() {
    var kept = journal.nodes.union([Self.root])
    for node in nodes.values where node.kind == .directory {
      kept.formUnion(node.directory.nodes.values)
    }
    kept.formUnion(handles.values.map(\.node.id))
    nodes = nodes.filter { kept.contains($0.key) }
    sweepAt = max(1_024, nodes.count * 2)
  }

  /// Fails: every process dies, and only what lies on the device remains.
  mutating func losePower() {
    isPowered = false
    crashesAfterwards = false
    killedAfterwards = nil
    processes = [:]
    handles = [:]
    locks = [:]
    leases = [:]
    loseNames()
    let reachable = reachableNodes()
    let kept = Set(reachable)
    nodes = nodes.filter { kept.contains($0.key) }
    journal.keep(only: kept)
    pagesUsed = 0
    for id in reachable {
      let node = nodes[id]!
      (node.links, node.openings) = (1, 0)
      loseContents(of: node)
      loseAttributes(of: node)
      rebuildDirectory(node)
      pagesUsed += node.contents.pagesUsed
    }
  }

  /// Comes back with what is on the device.
  mutating func boot() {
    if !isPowered { starts += 1 }
    isPowered = true
  }

  private mutating func loseNames() {
    var journal = self.journal
    journal.losePower { edits in
      let edit = edits.last!
      let path = nodes[edit.directory]!.path.appending(edit.name)
      guard fires(.nameLost, on: path) else { return false }
      record(.nameLost, on: path, edit.node == nil ? "not removed" : "not made")
      return true
    }
    self.journal = journal
  }

  /// Every node that a name on the device leads to, directories before what they hold.
  private func reachableNodes() -> [NodeID] {
    var reachable = [Self.root]
    var seen = Set(reachable)
    var next = 0
    while next < reachable.count {
      let names = journal.settled[reachable[next]] ?? [:]
      for name in sorted(names) where seen.insert(names[name]!).inserted {
        reachable.append(names[name]!)
      }
      next += 1
    }
    return reachable
  }

  private mutating func rebuildDirectory(_ node: Node) {
    guard node.kind == .directory else { return }
    node.directory = Directory()
    let names = journal.settled[node.id] ?? [:]
    for name in sorted(names) {
      setName(name, in: node, to: names[name])
      nodes[names[name]!]!.path = node.path.appending(name)
    }
  }

  private func sorted(_ names: [[UInt8]: NodeID]) -> [[UInt8]] {
    names.keys.sorted { $0.lexicographicallyPrecedes($1) }
  }

  private mutating func loseContents(of node: Node) {
    guard node.kind == .regular else { return }
    var fates: [Int: Contents.Fate] = [:]
    for page in node.contents.unsyncedPages {
      if fires(.pageLost, on: node.path) {
        record(.pageLost, on: node.path, "page \(page)")
        fates[page] = .lost
      } else if fires(.sectorTorn, on: node.path) {
        record(.sectorTorn, on: node.path, "page \(page)")
        fates[page] = .torn
      } else {
        fates[page] = .written
      }
    }
    let losesSize = node.contents.isSizeUnsynced && fires(.sizeLost, on: node.path)
    let before = node.contents.size
    node.contents.losePower(fates: fates, losesSize: losesSize, &ledger.generator)
    if losesSize {
      record(.sizeLost, on: node.path, "\(before) bytes became \(node.contents.size)")
    }
  }

  private mutating func loseAttributes(of node: Node) {
    guard node.attributes != node.storedAttributes else { return }
    if fires(.attributesLost, on: node.path) {
      record(.attributesLost, on: node.path)
      node.attributes = node.storedAttributes
    } else {
      node.storedAttributes = node.attributes
    }
  }
}
