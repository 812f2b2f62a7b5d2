// Which depot an engine serves, where it keeps its own files, and how much of its work it does there.

package import Flags

/// Which depot is served, and how.
public struct DepotSettings: Equatable, Sendable {
  /// Paths are in the kernel's bytes.
  public var path: [UInt8]
  public var stateDirectory: [UInt8]
  /// No uploads and no watcher; restores and eviction go on.
  public var isReadOnly: Bool
  /// Other servers use the same objects: none is deleted, and uploads are conditional.
  public var sharesColdTier: Bool
  /// A path that no row names is looked up in the cold store.
  public var fetchesUnknown: Bool
  public var skipsStartupScan: Bool
  /// How long a stored object outlives its file's deletion.
  public var deleteGrace: Duration
  /// How long a stop waits for what is under way.
  public var shutdownGrace: Duration
}

extension DepotSettings {
  package enum Declared {
    static let restart = SettingOptions(needsRestart: true)

    static let path = Setting(
      "depot_path", required: .directory(), example: Array("/p4/depots".utf8),
      "The directory that the server reads and writes.", restart)
    static let state: Setting<[UInt8]?> = Setting(
      "state_dir", optional: .directory(), example: Array("/p4/depots/.p4cache".utf8),
      "Where the engine keeps its own files, in the depot's file system; `.p4cache` in the depot "
        + "when left out.", restart)
    static let isReadOnly = Setting(
      "read_only", .truth, default: false,
      "An engine without uploads and watcher, for replicas and migrations; restores and eviction go "
        + "on, and events are written.", restart)
    static let sharesColdTier = Setting(
      "shared_cold_tier", .truth, default: false,
      "Other servers keep files in the same cold store: objects are never deleted, and none is "
        + "replaced that another stored.", restart)
    static let fetchesUnknown = Setting(
      "fetch_unknown", .truth, default: false,
      "A path that is not known here is looked up in the cold store.")
    static let skipsStartupScan = Setting(
      "skip_startup_scan", .truth, default: false,
      "The depot is not compared with the manifest at the start; what was written while no engine "
        + "ran is found by a scan alone.", restart)
    static let deleteGrace = Setting(
      "delete_grace", .duration(), default: .seconds(86_400),
      "How long a stored object outlives the deletion of its file.")
    static let shutdownGrace = Setting(
      "shutdown_grace", .duration(.zero ... .seconds(3_600)), default: .seconds(30),
      "How long a stop waits for transfers that are under way.")
    static let license: Setting<[UInt8]?> = Setting(
      "license_file", optional: .path("FILE"), example: Array("/etc/larder/license".utf8),
      "The license.", SettingOptions(needsRestart: true, isUnused: true))
  }

  package static let declared = Settings(
    Declared.path, Declared.state, Declared.isReadOnly, Declared.sharesColdTier,
    Declared.fetchesUnknown, Declared.skipsStartupScan, Declared.deleteGrace,
    Declared.shutdownGrace, Declared.license)

  init(_ configuration: Configuration) {
    path = configuration[Declared.path]
    stateDirectory = configuration[Declared.state] ?? Self.stateDirectory(in: path)
    isReadOnly = configuration[Declared.isReadOnly]
    sharesColdTier = configuration[Declared.sharesColdTier]
    fetchesUnknown = configuration[Declared.fetchesUnknown]
    skipsStartupScan = configuration[Declared.skipsStartupScan]
    deleteGrace = configuration[Declared.deleteGrace]
    shutdownGrace = configuration[Declared.shutdownGrace]
  }

  /// Where an engine keeps its own files unless it is told otherwise.
  static func stateDirectory(in depot: [UInt8]) -> [UInt8] {
    depot + Array((depot.last == UInt8(ascii: "/") ? ".p4cache" : "/.p4cache").utf8)
  }
}
