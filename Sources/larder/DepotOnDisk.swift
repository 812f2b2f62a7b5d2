// A depot as it is written down: by an engine that runs, up to its last events, or by the last one that
// did. It is only looked at: not one byte is written in the depot or its state directory, and a manifest
// that is not whole in its file is put together in a temporary directory.

import Ambient
import Bytes
import CacheEngine
import DurableFiles
import EventStore
import Flags
import Manifest
import Views

/// What a depot's state directory says.
final class DepotOnDisk: Sendable {
  let settings: EngineSettings
  let manifest: Manifest
  let events: EventReader
  /// The process of the engine that runs; nil when none does.
  let engine: Int32?
  private let depot: PosixDisk
  private let scratch: TemporaryDirectory

  /// Opens what the configuration in a file names.
  init(_ file: [UInt8], _ invocation: Invocation) throws(Failure) {
    let configuration = try readConfiguration(file, EngineConfiguration.settings, invocation)
    settings = EngineSettings(configuration)
    let state = settings.depot.stateDirectory
    let disk: PosixDisk
    let eventsDisk: PosixDisk
    do throws(DiskError) {
      depot = try PosixDisk(root: settings.depot.path, readOnly: true)
      disk = try PosixDisk(root: state, readOnly: true)
      eventsDisk = try PosixDisk(root: state + Array("/events".utf8), readOnly: true)
    } catch .absent {
      throw .ended(
        .failed,
        "no engine has kept '\(escaped(settings.depot.path))' yet; 'larder run' begins with it")
    } catch {
      throw .ended(.failed, "\(error)")
    }
    engine = Self.engineProcess(settings.depot.path)
    let reader = try storing { () throws(StoreError) in try EventReader.open(on: eventsDisk) }
    events = reader
    let scratch = try TemporaryDirectory()
    self.scratch = scratch
    do throws(ManifestError) {
      manifest = try Manifest.openFrozen(
        on: disk, path: state, log: reader, scratch: (scratch.disk, scratch.path))
    } catch {
      scratch.remove()
      if case .log(let error) = error { throw Failure(error) }
      throw .ended(error.isLoss ? .broken : .failed, "\(error)")
    }
  }

  /// Who keeps the depot, by the lock that an engine holds; asking takes no lock.
  static func engineProcess(_ depot: [UInt8]) -> Int32? {
    do throws(DiskError) {
      return try UserFile(bytes: depot + Array("/\(Engine.lockPath)".utf8)).lockHolder
    } catch {
      // No engine was ever here, or its lock may not be looked at: then none is known of.
      return nil
    }
  }

  /// When the last event was written down; nil before the first.
  func lastEvent() throws(Failure) -> WallTime? {
    try storing { () throws(StoreError) in
      try events.events(in: Region(), limit: 1, order: .newestFirst).events.first?.header.time
    }
  }

  /// The depot as a snapshot; what only a running engine knows is not known in it.
  func snapshot() -> EngineSnapshot {
    .evaluation(manifest, events, settings, diskFree: diskFree, at: WallClock.live.now())
  }

  private var diskFree: ByteCount? {
    do throws(DiskError) {
      return try depot.spaceLeft()
    } catch {
      // Not known, and shown so.
      return nil
    }
  }

  /// Closes everything and removes what was put together.
  func close() throws(Failure) {
    defer { scratch.remove() }
    do throws(ManifestError) {
      try manifest.close()
    } catch {
      throw .ended(.failed, "\(error)")
    }
  }
}
