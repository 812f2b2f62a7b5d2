// The ground of an engine in one call, for packages that keep a depot of their own: three directories of
// this machine, the state directory's two corners, and the best watcher that the kernel grants.

internal import Ambient
internal import ColdStorage
internal import DurableFiles
internal import Retry
internal import Telemetry

extension EngineParts {
  /// Parts on this machine's disk: a depot, its own files in `.p4cache` below it, and a directory
  /// where cold files go. The depot and the cold directory must be there; paths are in the kernel's
  /// bytes. Throws `.denied` when the cold directory cannot be used.
  public static func directories(
    depot: [UInt8], cold: [UInt8]
  ) throws(EngineError) -> EngineParts {
    let state = DepotSettings.stateDirectory(in: depot)
    let metrics: MetricRegistry
    let storage: StorageMetrics
    do throws(TelemetryError) {
      metrics = try MetricRegistry()
      storage = try StorageMetrics(metrics)
    } catch {
      preconditionFailure("an empty registry has every name free: \(error)")
    }
    let backend = Backend(
      "primary", retries: Retries(clock: .live, entropy: .live, pause: .live),
      circuit: Circuit("primary", clock: .live, wall: .live), metrics: storage,
      log: Log(room: "storage", to: .none), clock: .live)
    let store: LocalStore
    do throws(StorageError) {
      store = try LocalStore(backend, pause: .live, entropy: .live) { () throws(DiskError) in
        try PosixDisk(root: cold)
      }
    } catch {
      throw .denied(.root, "\(error)")
    }
    do throws(DiskError) {
      let root = try PosixDisk(root: depot)
      try root.makeDirectories(Depot.home, mode: 0o755)
      try root.makeDirectories(Depot.home.appending("events"), mode: 0o700)
      var parts = EngineParts(
        depot: { () throws(DiskError) in try PosixDisk(root: depot) },
        events: try PosixDisk(root: state + Array("/events".utf8)),
        state: (try PosixDisk(root: state), state), cold: store
      ).watchingDepot(at: depot)
      parts.metrics = metrics
      parts.backends = [backend]
      return parts
    } catch {
      throw .disk(error)
    }
  }
}
