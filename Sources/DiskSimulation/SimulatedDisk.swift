// One process's view of a simulated machine's disk. Several processes may share a machine; each is
// a disk of its own, with its own openings, locks and latch. A process that was killed, or whose
// machine lost power, is dead for ever: every call it still makes throws `.crashed` and changes
// nothing, so what a test forgot to stop cannot reach into the machine's next life.
//
//   let disk = SimulatedDisk(seed: 7, faults: .honest.arming(.crash, at: 120))
//   … the code under test runs until it meets `.crashed` …
//   let after = disk.reopen()          the same machine, as the power left it

package import Ambient
package import DurableFiles
import Synchronization

/// A process of a simulated machine, and its disk.
package final class SimulatedDisk: Disk {
  /// How many threads use a machine.
  package enum Threads: Sendable {
    /// One; then nobody could end a wait, so waiting lets the time pass on the clock at once.
    case one
    /// Many; they wait for each other, and a run is no longer decided by its seed alone.
    case many
  }

  let machine: Monitor<Machine>
  /// The number of this process, which holds its locks.
  package let process: Int32
  /// What other processes do between the calls of this one.
  private let interlude = Mutex<(@Sendable () -> Void)?>(nil)

  private init(_ machine: Monitor<Machine>, readOnly: Bool) {
    self.machine = machine
    process = machine.withLock { $0.start(readOnly: readOnly) }
  }

  /// Starts a new machine with an empty disk, and its first process.
  ///
  /// Every operation lets up to 100 µs pass on the clock.
  package convenience init(
    seed: UInt64, faults: FaultPlan = .honest, clock: ManualClock = ManualClock(),
    threads: Threads = .one, capacity: ByteCount = ByteCount(1 << 40)
  ) {
    self.init(
      Monitor(Machine(seed: seed, faults, clock, threads, capacity: capacity)), readOnly: false)
  }

  /// Starts another process on the same machine, which must have power.
  package func startProcess(readOnly: Bool = false) -> SimulatedDisk {
    precondition(machine.withLock(\.isPowered), "a machine without power runs nothing")
    return SimulatedDisk(machine, readOnly: readOnly)
  }

  /// Kills this process: its openings and locks end, and all that it wrote is still there.
  package func kill() {
    machine.withLock { $0.kill(process) }
  }

  /// Cuts the machine's power, if it has any: all its processes die, and what was not synced is
  /// lost as the plan has it.
  package func crash() {
    machine.withLock { (machine: inout Machine) in
      if machine.isPowered { machine.losePower() }
    }
  }

  /// Starts the next process where this one has ended, booting the machine if it has no power.
  package func reopen() -> SimulatedDisk {
    machine.withLock { (machine: inout Machine) in
      machine.kill(process)
      machine.boot()
    }
    return SimulatedDisk(machine, readOnly: false)
  }

  /// Replaces the plan of what fails from now on.
  package func arm(_ faults: FaultPlan) {
    machine.withLock { $0.ledger.arm(faults) }
  }

  /// Whether the machine has power; a store to a shared word can lose it without telling.
  package var isPowered: Bool { machine.withLock(\.isPowered) }

  /// Whether this process lives; a store to a shared word can end it without telling.
  package var isRunning: Bool {
    machine.withLock { $0.isPowered && $0.processes[process] != nil }
  }

  /// Has something done after every call of this process, which waits for it: what another process
  /// does in between, as a scheduler might have it. It may use any disk but this one.
  package func afterEachCall(_ interlude: (@Sendable () -> Void)?) {
    self.interlude.withLock { $0 = interlude }
  }

  /// Both sides of the machine's time.
  package var clock: ManualClock { machine.withLock(\.clock) }

  /// How many operations there were so far.
  package var operations: Int { machine.withLock(\.operation) }

  /// The fingerprint of all operations so far, with what came of them.
  package var traceDigest: TraceDigest { machine.withLock(\.trace.digest) }

  /// The last operations in words, oldest first.
  package var lastOperations: [String] { machine.withLock(\.trace.words) }

  /// How often each fault has fired.
  package var faultCounts: [Fault: Int] { machine.withLock(\.ledger.counts) }

  /// The faults that fired, in order; the first `FaultLedger.recordsMax` of them.
  package var firedFaults: [FiredFault] { machine.withLock(\.ledger.records) }

  /// Puts what no disk makes at a path: a symbolic link, which leads nowhere, or something else.
  package func plant(_ kind: FileKind, at path: FilePath) throws(DiskError) {
    try machine.withLock { (machine: inout Machine) throws(DiskError) in
      _ = try machine.make(kind, at: path, mode: 0o777)
    }
  }

  /// Makes one operation of a call on a name.
  func perform<Result>(
    _ call: Call, _ path: FilePath, _ first: UInt64 = 0, _ second: UInt64 = 0, changes: Bool,
    _ body: (inout Machine) throws(DiskError) -> Result
  ) throws(DiskError) -> Result {
    defer { interlude.withLock { $0 }?() }
    return try machine.withLock { (machine: inout Machine) throws(DiskError) in
      let result: Result
      do throws(DiskError) {
        try machine.begin(call, by: process, path, first, second, changes: changes)
        result = try body(&machine)
      } catch {
        if error != .crashed { try machine.end(error) }
        throw error
      }
      try machine.end(nil)
      return result
    }
  }

  /// Makes one operation of a call on an open file.
  func perform<Result>(
    _ call: Call, _ file: FileID, _ first: UInt64 = 0, _ second: UInt64 = 0, changes: Bool,
    _ body: (inout Machine, Handle) throws(DiskError) -> Result
  ) throws(DiskError) -> Result {
    let handle = machine.withLock { $0.handles[file.number] }
    return try perform(call, handle?.path ?? .root, first, second, changes: changes) {
      (machine) throws(DiskError) in
      guard let handle = machine.handles[file.number], handle.process == process else {
        preconditionFailure("a file was used after it was closed")
      }
      return try body(&machine, handle)
    }
  }
}
