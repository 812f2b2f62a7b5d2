// The settings of the cold stores, and the opening of what they say: the one place that knows which
// adapters there are. Both roles have the same settings; the secondary may be left out.

import Ambient
import Bytes
import ColdStorage
import DurableFiles
import Flags
import Retry
import Telemetry

/// What a store is for.
enum BackendRole: String, CaseIterable, Sendable {
  case primary
  case secondary
}

/// Which adapter a store needs.
enum BackendType: String, CaseIterable, Sendable {
  case local
  case nfs
  case s3
}

/// The settings of one cold store.
struct BackendSettings: Sendable {
  let role: BackendRole
  let type: Setting<BackendType?>
  let path: Setting<[UInt8]?>
  let s3: S3BackendSettings

  init(_ role: BackendRole) {
    self.role = role
    let options = SettingOptions(needsRestart: true)
    type = Setting(
      "\(role.rawValue).type", optional: .choice(placeholder: "TYPE"), example: .local,
      "What the \(role.rawValue) cold store is: a directory of this machine or one over NFS, or a "
        + "bucket of S3 or a server compatible with it.",
      options)
    path = Setting(
      "\(role.rawValue).path", optional: .directory(), example: Array("/srv/larder/cold".utf8),
      "The directory of the \(role.rawValue) cold store, which must exist.", options)
    s3 = S3BackendSettings(role)
  }

  /// The settings for a configuration.
  var all: Settings {
    Settings(
      type, path,
      sections: [
        role.rawValue: role == .primary
          ? "Where evicted files are kept."
          : "Where a file is looked for when the primary does not have it."
      ]) + s3.all
  }

  /// Opens the store that the configuration, read from `file`, names.
  func open(
    _ configuration: Configuration, from file: [UInt8], _ surroundings: StorageSurroundings
  ) throws(Failure) -> any ObjectStore {
    guard let type = configuration[type] else {
      throw .ended(
        .misused,
        "\(escaped(file)): the configuration has no \(role.rawValue) store; set "
          + "'\(role.rawValue).type'")
    }
    switch type {
    case .local, .nfs:
      try refuseStrays(configuration, from: file, of: type, allowed: [path.declaration])
      guard let path = configuration[path] else {
        throw .ended(
          .misused,
          "\(escaped(file)): \(configuration.origin(of: self.type)): a \(role.rawValue) of type "
            + "'\(type.rawValue)' needs '\(role.rawValue).path'")
      }
      return try reporting { () throws(StorageError) in
        try LocalStore(surroundings.backend(role), pause: .live, entropy: .live) {
          () throws(DiskError) in try PosixDisk(root: path)
        }
      }
    case .s3:
      try refuseStrays(configuration, from: file, of: type, allowed: s3.all.declarations)
      return try s3.open(
        configuration, from: file, type: configuration.origin(of: self.type), surroundings)
    }
  }

  /// A setting that the type does not know would be believed to work, so it is refused.
  private func refuseStrays(
    _ configuration: Configuration, from file: [UInt8], of type: BackendType,
    allowed: [SettingDeclaration]
  ) throws(Failure) {
    let allowed = Set(allowed.map(\.key) + [self.type.declaration.key])
    let ours = Set(all.declarations.map(\.key))
    let stray = configuration.effective.first {
      ours.contains($0.key) && !allowed.contains($0.key) && $0.origin != .standard
    }
    guard let stray else { return }
    throw .ended(
      .misused,
      "\(escaped(file)): \(stray.origin): a \(role.rawValue) of type '\(type.rawValue)' has no "
        + "'\(stray.key)'; remove it")
  }
}

/// What the stores of one process share.
struct StorageSurroundings: Sendable {
  let metrics: StorageMetrics
  let log: LogSink

  /// The live backend of a role.
  func backend(_ role: BackendRole) -> Backend {
    Backend(
      role.rawValue, retries: Retries(clock: .live, entropy: .live, pause: .live),
      circuit: Circuit(role.rawValue, clock: .live, wall: .live), metrics: metrics,
      log: Log(room: "storage", to: log), clock: .live)
  }
}

/// Runs `body` and says of its failure how a command ends with it.
func reporting<Result>(
  _ body: () throws(StorageError) -> Result
) throws(Failure) -> Result {
  do throws(StorageError) {
    return try body()
  } catch {
    throw .ended(error.exitCode, "\(error)")
  }
}

extension StorageError {
  /// How a command ends that failed so.
  var exitCode: ExitCode {
    switch kind {
    case .misconfigured, .invalidKey, .badMetadata: .misused
    case .integrity: .broken
    default: .failed
    }
  }
}
