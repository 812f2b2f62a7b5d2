// A depot of a test's own with an engine that is a script: cold files lie in a directory beside it and
// are copied in when they are fetched. The socket, the protocol and the programs that are run below the
// depot are the real ones.

import Ambient
import CacheEngine
import ChildProcesses
import DurableFiles
import ScratchFiles
import Sockets
import Synchronization
import Telemetry
import Testing

/// The path of what is called so below a directory.
private func below(_ directory: String, _ path: FilePath) throws(DiskError) -> FilePath {
  try FilePath(bytes: Array(directory.utf8) + [UInt8(ascii: "/")] + path.bytes)
}

/// A depot, its cold files, and who serves them.
final class ScriptedEngine: Sendable {
  /// What was asked, in order.
  enum Asked: Equatable {
    case fetch(String)
    case status(String)
    case delete(String)
  }

  /// When every cold file changed last: 2023-11-14 22:13:20.123456789.
  static let modified: Int64 = 1_700_000_000_123_456_789

  let scratch: Scratch
  private let asked = Mutex<[Asked]>([])
  private let server = Mutex<ShimServer?>(nil)

  init() throws {
    scratch = try Scratch()
    for directory in ["depot", "depot/.p4cache", "cold"] as [FilePath] {
      try scratch.disk.makeDirectory(directory, mode: 0o755)
    }
  }

  deinit { stop() }

  /// The absolute path of a name in the depot.
  func path(_ name: String) -> String { scratch.path("depot/" + name) }

  var socket: String { path(".p4cache/" + ShimServer.socketName) }

  // MARK: files

  /// Makes a cold file, and the directories it is in, in the depot too.
  func addCold(_ name: String, _ text: String, mode: UInt16 = 0o644) throws {
    let path = try FilePath(name)
    for parent in [try FilePath("depot/" + name).parent, try FilePath("cold/" + name).parent] {
      try makeDirectories(parent)
    }
    let file = try OpenFile(
      below("cold", path), .creating(mode: mode), on: scratch.disk)
    try file.write(Array(text.utf8), at: 0)
    try file.set(FileAttributes(mode: mode, modifiedNanoseconds: Self.modified))
  }

  /// Makes a file that is in the depot.
  func addHot(_ name: String, _ text: String) throws {
    try addCold(name, text)
    try bring(FilePath(name))
    asked.withLock { $0 = [] }
  }

  private func makeDirectories(_ path: FilePath) throws {
    guard path != .root, try scratch.disk.status(at: path) == nil else { return }
    try makeDirectories(path.parent)
    try scratch.disk.makeDirectory(path, mode: 0o755)
  }

  /// The text of a file in the depot; nil when it is not there.
  func hot(_ name: String) throws -> String? {
    let path = try FilePath("depot/" + name)
    guard try scratch.disk.status(at: path) != nil else { return nil }
    let bytes = try OpenFile(path, .reading, on: scratch.disk).readAll(bytesMax: 1 << 20)
    return String(decoding: bytes, as: UTF8.self)
  }

  func isCold(_ name: String) throws -> Bool {
    try scratch.disk.status(at: FilePath("cold/" + name)) != nil
  }

  // MARK: the engine

  /// What has been asked since this was last called.
  func takeAsked() -> [Asked] {
    asked.withLock { asked in
      defer { asked = [] }
      return asked
    }
  }

  /// Serves at the socket.
  func start(limits: RequestLimits = ShimServer.limits) throws {
    try serve(
      ShimDoors(
        admits: { _ in true },
        fetch: { [unowned self] path, tell in tell(self.fetched(path)) },
        status: { [unowned self] path throws(ShimRefusal) in try self.status(path) },
        delete: { [unowned self] path throws(ShimRefusal) in try self.delete(path) }),
      limits: limits)
  }

  /// Serves at the socket with doors of a test's own.
  func serve(_ doors: ShimDoors, limits: RequestLimits = ShimServer.limits) throws {
    let served = try ShimServer(
      socket: Array(socket.utf8), mode: 0o600,
      depot: DepotRoot(spellings: [Array(scratch.path("depot").utf8)]), doors: doors,
      metrics: ShimMetrics(MetricRegistry()), limits: limits, log: Log(room: "requests", to: .none))
    server.withLock { $0 = served }
  }

  /// Stops serving, as an engine does that is told to.
  func stop() {
    let served = server.withLock { $0.take() }
    served?.stopServing(timeout: .seconds(30))
  }

  private func fetched(_ path: FilePath) -> Result<UInt64, ShimRefusal> {
    asked.withLock { $0.append(.fetch("\(path)")) }
    do {
      return .success(try bring(path))
    } catch let refusal as ShimRefusal {
      return .failure(refusal)
    } catch {
      return .failure(ShimRefusal(.internal, "\(error)"))
    }
  }

  @discardableResult
  private func bring(_ path: FilePath) throws -> UInt64 {
    let disk = scratch.disk
    let cold = try below("cold", path)
    guard let status = try disk.status(at: cold), status.kind == .regular else {
      throw ShimRefusal(.notFound, "\(path) is no file")
    }
    let temporary = FilePath("depot/.p4cache")
      .appending("restore-\(Entropy.live.bytes(8).map(String.init).joined())")
    try disk.clone(cold, to: temporary, mode: status.mode)
    try OpenFile(temporary, .reading, on: disk)
      .set(FileAttributes(mode: status.mode, modifiedNanoseconds: status.modifiedNanoseconds))
    let place = try below("depot", path)
    try makeDirectories(place.parent)
    do throws(DiskError) {
      try disk.rename(temporary, to: place, replacing: false)
    } catch {
      guard case .exists = error else { throw error }
      // Another fetch was first.
      try disk.remove(temporary)
    }
    return status.size
  }

  private func status(_ path: FilePath) throws(ShimRefusal) -> ShimStatus {
    asked.withLock { $0.append(.status("\(path)")) }
    do {
      guard let status = try scratch.disk.status(at: below("cold", path)) else {
        throw ShimRefusal(.notFound, "\(path) is no file")
      }
      let type: UInt32 = status.kind == .directory ? 0o40000 : 0o100000
      return ShimStatus(
        size: status.size, mode: type | UInt32(status.mode),
        modifiedNanoseconds: status.modifiedNanoseconds, state: "clean",
        isHot: try scratch.disk.status(at: below("depot", path)) != nil)
    } catch let refusal as ShimRefusal {
      throw refusal
    } catch {
      throw ShimRefusal(.internal, "\(error)")
    }
  }

  private func delete(_ path: FilePath) throws(ShimRefusal) {
    asked.withLock { $0.append(.delete("\(path)")) }
    do {
      let cold = try below("cold", path)
      guard try scratch.disk.status(at: cold)?.kind == .regular else {
        throw ShimRefusal(.notFound, "\(path) is no file")
      }
      try scratch.disk.remove(cold)
    } catch let refusal as ShimRefusal {
      throw refusal
    } catch {
      throw ShimRefusal(.internal, "\(error)")
    }
  }

  // MARK: programs

  /// Runs a program with the library preloaded, and waits for its end.
  func run(
    _ program: String, _ arguments: [String], input: [UInt8] = [], depot: String? = nil
  ) throws -> EndedChild {
    try child(program, arguments, depot: depot).wait(giving: input)
  }

  /// Starts a program with the library preloaded.
  func child(
    _ program: String, _ arguments: [String], depot: String? = nil
  ) throws(ChildError) -> ChildProcess {
    try ChildProcess(
      program, arguments.map { Array($0.utf8) },
      environment: [
        "LD_PRELOAD": builtProduct("libp4shim.so"), "PATH": "/usr/bin:/bin", "LC_ALL": "C",
        "P4CACHE_DEPOT": depot ?? scratch.path("depot"), "P4CACHE_SOCK": socket,
      ])
  }

  /// Runs a script of the shell's with the depot as its first argument.
  func shell(_ script: String) throws -> EndedChild {
    try run("/bin/sh", ["-c", script, "sh", scratch.path("depot")])
  }

  /// Runs an experiment of the probe's.
  func probe(_ words: String...) throws -> EndedChild {
    try run(builtProduct("ShimProbe"), words)
  }
}
