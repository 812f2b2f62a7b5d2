// How much stays in the depot, and what may leave it. Sizes come in two keys, one in GiB and one in
// bytes or with a unit; both at once would be two answers to one question and are refused.

public import Ambient
package import Flags

/// How much is kept hot, and what may be evicted.
public struct CacheSettings: Equatable, Sendable {
  /// Eviction begins above this.
  public var bytesMax: ByteCount
  /// Eviction ends below nine tenths of this.
  public var lowWatermark: ByteCount
  /// A file that was read within this time stays.
  public var minimumAge: Duration
  /// A stored copy that is older is looked for before its file is evicted.
  public var verifyBeforeEvictAfter: Duration
  /// How fast files are verified when nothing else is to do; zero for never.
  public var scrubBytesPerSecond: ByteCount
}

extension CacheSettings {
  package enum Declared {
    private static let gibibytes = Spelling.number(0.001...1_048_576, placeholder: "GB")
    private static let sizes = Spelling.byteCount(ByteCount(1)...ByteCount(1 << 50))

    static let maxGigabytes = Setting(
      "max_cache_gb", gibibytes, default: 100,
      "How many GiB stay in the depot; above that, eviction begins.")
    static let maxBytes: Setting<ByteCount?> = Setting(
      "max_cache_bytes", optional: sizes, example: ByteCount(100 << 30),
      "The same as 'max_cache_gb', as a size.")
    static let lowGigabytes: Setting<Double?> = Setting(
      "low_watermark_gb", optional: gibibytes, example: 80,
      "Eviction goes on until less than nine tenths of so many GiB are left; four fifths of the "
        + "cache's size when left out.")
    static let lowBytes: Setting<ByteCount?> = Setting(
      "low_watermark_bytes", optional: sizes, example: ByteCount(80 << 30),
      "The same as 'low_watermark_gb', as a size.")
    static let minimumAge = Setting(
      "min_age", .duration(), default: .seconds(300),
      "A file that was read within this time is not evicted.")
    static let verifyAfter = Setting(
      "verify_before_evict_after", .duration(), default: .seconds(7 * 86_400),
      "A stored copy that is older than this is looked for before its file is evicted.")
    static let scrub = Setting(
      "scrub_bytes_per_second", .byteCount(.zero...ByteCount(1 << 40)), default: .zero,
      "How much of the depot is verified in a second when nothing else is to do; 0 for none.")

    static let watermark = SettingRule(
      between: [
        maxGigabytes.declaration, maxBytes.declaration, lowGigabytes.declaration,
        lowBytes.declaration,
      ]
    ) { configuration in
      let cache = CacheSettings(configuration)
      guard cache.lowWatermark > cache.bytesMax else { return [] }
      let isGiven = configuration.origin(of: lowBytes) != .standard
      let key = isGiven ? lowBytes.declaration.key : lowGigabytes.declaration.key
      return [
        .init(
          origin: isGiven
            ? configuration.origin(of: lowBytes) : configuration.origin(of: lowGigabytes),
          key: key,
          fault: .contradiction(
            "'\(key)' is \(cache.lowWatermark), above the cache's size of \(cache.bytesMax); "
              + "lower it, or leave it out"))
      ]
    }
  }

  package static let declared = Settings(
    Declared.maxGigabytes, Declared.maxBytes, Declared.lowGigabytes, Declared.lowBytes,
    Declared.minimumAge, Declared.verifyAfter, Declared.scrub,
    rules: [
      .either(Declared.maxGigabytes, or: Declared.maxBytes),
      .either(Declared.lowGigabytes, or: Declared.lowBytes), Declared.watermark,
    ])

  init(_ configuration: Configuration) {
    bytesMax =
      configuration[Declared.maxBytes] ?? Self.size(configuration[Declared.maxGigabytes])
    lowWatermark =
      configuration[Declared.lowBytes] ?? configuration[Declared.lowGigabytes].map(Self.size)
      ?? ByteCount(bytesMax.bytes / 5 * 4 + bytesMax.bytes % 5 * 4 / 5)
    minimumAge = configuration[Declared.minimumAge]
    verifyBeforeEvictAfter = configuration[Declared.verifyAfter]
    scrubBytesPerSecond = configuration[Declared.scrub]
  }

  private static func size(_ gibibytes: Double) -> ByteCount {
    ByteCount(Int64((gibibytes * 1_073_741_824).rounded()))
  }
}
