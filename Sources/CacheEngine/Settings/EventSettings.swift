// How the engine keeps its journal: how long, how much of it, signed or not, and what an
// acknowledgement of it is worth.

public import Ambient
package import Flags

/// What an acknowledged event is worth.
public enum EventDurability: String, CaseIterable, Sendable {
  /// It is on the device.
  case durable
  /// It is in memory, and on the device a moment later.
  case buffered
}

/// How the journal is kept.
public struct EventSettings: Equatable, Sendable {
  /// Older events may be retired; nil keeps all.
  public var retention: Duration?
  /// More than this is retired, the oldest first; nil keeps all.
  public var bytesMax: ByteCount?
  public var durability: EventDurability
  /// The file of the signing key, in the kernel's bytes.
  public var signingKeyFile: [UInt8]?
}

extension EventSettings {
  package enum Declared {
    private static let restart = SettingOptions(needsRestart: true)

    static let retentionDays: Setting<Int?> = Setting(
      "events_retention_days", optional: .integer(1...36_500), example: 365,
      "Events may be retired after so many days, behind the older of the last two checkpoints; kept "
        + "for ever when left out.")
    static let bytesMax: Setting<ByteCount?> = Setting(
      "events_max_bytes", optional: .byteCount(ByteCount(256 << 20)...ByteCount(1 << 50)),
      example: ByteCount(64 << 30),
      "Above this size the oldest events may be retired; no bound when left out.")
    static let durability: Setting<EventDurability> = Setting(
      "events_durability", .choice(placeholder: "WHEN"), default: .durable,
      "Whether a transition is acknowledged when it is on the device, or a moment before; what is "
        + "lost then is found again by a scan.", restart)
    static let signingKeyFile: Setting<[UInt8]?> = Setting(
      "events_signing_key_file", optional: .path("FILE"),
      example: Array("/etc/larder/signing.key".utf8),
      "The key that signs events, as `larder receipt key new` makes it; unsigned when left out.",
      SettingOptions(needsRestart: true, variable: "LARDER_EVENTS_SIGNING_KEY_FILE"))
  }

  package static let declared = Settings(
    Declared.retentionDays, Declared.bytesMax, Declared.durability, Declared.signingKeyFile)

  init(_ configuration: Configuration) {
    retention = configuration[Declared.retentionDays].map { .seconds(Int64($0) * 86_400) }
    bytesMax = configuration[Declared.bytesMax]
    durability = configuration[Declared.durability]
    signingKeyFile = configuration[Declared.signingKeyFile]
  }
}
