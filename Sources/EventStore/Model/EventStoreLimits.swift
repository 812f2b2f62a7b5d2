// Every bound of the event store that is not the property of a single type. docs/limits.md lists
// them with their reasons.

/// The store's named maxima.
public enum EventStoreLimits {
  /// The most events that one batch holds.
  public static let batchEventsMax = 4_096
  /// The most payload bytes that one batch holds, and so the largest group but for its headers.
  public static let batchBytesMax = 16 << 20
  /// The most events that one fence holds.
  public static let fenceEventsMax = 4_096
  /// How long a fence may stay open.
  public static let fenceDurationMax = Duration.seconds(1)
  /// The most events that one page returns.
  public static let pageEventsMax = 10_000
  /// The most bytes that compaction puts into one segment.
  public static let mergedBytesMax = 256 << 20
  /// The most events that compaction puts into one segment.
  public static let mergedEventsMax = 524_288
  /// The largest payload as stored: a payload and the tag that seals it.
  static let storedPayloadBytesMax = NewEvent.payloadBytesMax + 16
  /// The longest an encoded header may be; the longest that fits all parts has 8,241 bytes.
  static let headerBytesMax = 8_704
  /// The largest body of a frame: a stored payload, the longest header, hashes and signature.
  static let frameBytesMax = storedPayloadBytesMax + 16_384
  /// The most keys that a keyset holds; the table that finds them has at most 64 MiB then.
  public static let keysMax = 12_582_912
  /// The most records of a keyset, which keeps one for each mint of the store's life.
  static let keyRecordsMax = Int(UInt32.max) - 1
  /// The most records of a keyset that one part of a copy holds, 8 MiB.
  public static let keyRecordsCopiedMax = 65_536
  /// The most unwrapped data keys that are kept in memory.
  static let keysCachedMax = 512
  /// The most full segments that wait for their footers before appenders wait too; the tables of
  /// each are in memory.
  static let unsealedSegmentsMax = 2
  /// The most bytes that one group of commits holds before the next appender has to wait.
  static let groupBytesMax = 2 * batchBytesMax
}
