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
    let options = SettingOptions(needsRestart: true, isInExample: role == .primary)
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
    try open(configuration, from: file, surroundings.backend(role))
  }

  /// Opens the store with the surroundings that it has, by which it can be watched.
  func open(
    _ configuration: Configuration, from file: [UInt8], _ backend: Backend
  ) throws(Failure) -> any ObjectStore {
    let plan: BackendPlan?
    do throws(ConfigurationError) {
      plan = try self.plan(configuration)
    } catch {
      throw .ended(.misused, "\(escaped(file)): \(error)")
    }
    switch plan {
    case nil: throw .ended(.misused, "\(escaped(file)): \(missing)")
    case .directory(let path):
      return try reporting { () throws(StorageError) in
        try LocalStore(backend, pause: .live, entropy: .live) {
          () throws(DiskError) in try PosixDisk(root: path)
        }
      }
    case .bucket(let plan):
      return try reporting { () throws(StorageError) in
        try plan.open(backend)
      }
    }
  }

  /// What to say when the store is wanted and not configured.
  var missing: String {
    "the configuration has no \(role.rawValue) store; set '\(role.rawValue).type'"
  }

  /// What the configuration says of the store, checked as a whole and not opened; nil when it says
  /// nothing.
  func plan(_ configuration: Configuration) throws(ConfigurationError) -> BackendPlan? {
    guard let type = configuration[type] else {
      let stray = configuration.effective.first {
        $0.key.hasPrefix(role.rawValue + ".") && $0.origin != .standard
      }
      guard let stray else { return nil }
      throw .contradiction(stray.origin, stray.key, "'\(stray.key)' is given, and \(missing)")
    }
    switch type {
    case .local, .nfs:
      try refuseStrays(configuration, of: type, allowed: [path.declaration])
      guard let path = configuration[path] else {
        throw .contradiction(
          configuration.origin(of: self.type), path.declaration.key,
          "a \(role.rawValue) of type '\(type.rawValue)' needs '\(role.rawValue).path'")
      }
      return .directory(path)
    case .s3:
      try refuseStrays(configuration, of: type, allowed: s3.all.declarations)
      return .bucket(try s3.plan(configuration, type: configuration.origin(of: self.type)))
    }
  }

  /// A setting that the type does not know would be believed to work, so it is refused.
  private func refuseStrays(
    _ configuration: Configuration, of type: BackendType, allowed: [SettingDeclaration]
  ) throws(ConfigurationError) {
    let allowed = Set(allowed.map(\.key) + [self.type.declaration.key])
    let ours = Set(all.declarations.map(\.key))
    let stray = configuration.effective.first {
      ours.contains($0.key) && !allowed.contains($0.key) && $0.origin != .standard
    }
    guard let stray else { return }
    throw .contradiction(
      stray.origin, stray.key,
      "a \(role.rawValue) of type '\(type.rawValue)' has no '\(stray.key)'; remove it")
  }
}

/// What a configuration says of one store.
enum BackendPlan: Sendable {
  case directory([UInt8])
  case bucket(S3Plan)

  /// Whether both lead to the same objects.
  func isSamePlace(as other: BackendPlan) -> Bool {
    switch (self, other) {
    case (.directory(let path), .directory(let other)): path == other
    case (.bucket(let plan), .bucket(let other)): plan.isSamePlace(as: other)
    default: false
    }
  }
}

extension ConfigurationError {
  /// One thing that is wrong between settings.
  static func contradiction(
    _ origin: SettingOrigin, _ key: String, _ sentence: String
  ) -> ConfigurationError {
    .wrong([.init(origin: origin, key: key, fault: .contradiction(sentence))])
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
