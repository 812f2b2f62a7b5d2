// Everything that an engine is told. Each group declares its settings beside the value that they
// make, once: parsing, bounds, defaults, the example, the reference and the flags all come from there.
// What store stands behind a role is not known here: whoever opens the cold stores adds their sections
// to these settings, and the whole is read and checked as one.

internal import Ambient
internal import Bytes
package import Flags

/// What an engine is told, whole and checked.
public struct EngineSettings: Equatable, Sendable {
  public var depot: DepotSettings
  public var cache: CacheSettings
  public var uploads: UploadSettings
  public var restores: RestoreSettings
  public var retries: RetrySettings
  public var sealing: SealingSettings
  public var server: ServerSettings
  public var events: EventSettings
  public var reports: ReportSettings
}

extension EngineSettings {
  /// The settings of an engine, in the order of their reference.
  package static let declared =
    DepotSettings.declared + CacheSettings.declared + UploadSettings.declared
    + RestoreSettings.declared + RetrySettings.declared + SealingSettings.declared
    + ServerSettings.declared + EventSettings.declared + ReportSettings.declared

  /// What a configuration of `declared`, and perhaps of more, says.
  package init(_ configuration: Configuration) {
    depot = DepotSettings(configuration)
    cache = CacheSettings(configuration)
    uploads = UploadSettings(configuration)
    restores = RestoreSettings(configuration)
    retries = RetrySettings(configuration)
    sealing = SealingSettings(configuration)
    server = ServerSettings(configuration)
    events = EventSettings(configuration)
    reports = ReportSettings(configuration)
  }

  /// The settings of a depot, by its path in the kernel's bytes, with every default.
  public init(depot path: [UInt8]) {
    // A document holds text, and a path need not be any: so it is put in afterwards.
    let start = TextPosition(line: 1, column: 1)
    let document = JSONNode(
      .object([
        .init(
          key: DepotSettings.Declared.path.declaration.key, at: start,
          value: JSONNode(.string("/"), at: start))
      ]), at: start)
    do throws(ConfigurationError) {
      self.init(try Self.declared.configuration(from: document))
    } catch {
      preconditionFailure("a path alone is no configuration: \(error)")
    }
    depot.path = path
    depot.stateDirectory = DepotSettings.stateDirectory(in: path)
  }
}

extension EngineSettings {
  /// What stands for settings that nobody gave and that have no default of their own, by key, as it
  /// would stand in a file: what the engine makes of the others.
  package var derived: [String: String] {
    let state = JSONValue.string(escaped(depot.stateDirectory))
    return [
      DepotSettings.Declared.state.declaration.key: state.text(),
      CacheSettings.Declared.lowBytes.declaration.key: "\(cache.lowWatermark.bytes)",
    ]
  }
}
