// How files go to the cold store and come back: how many at once, how often again, and what must be
// right before a file is served.

package import Flags

/// How files are stored.
public struct UploadSettings: Equatable, Sendable {
  public var threads: Int
  /// The most uploads that are claimed at once.
  public var concurrency: Int
  /// The most rows that are claimed in one step.
  public var batchSize: Int

  /// How many files are claimed at once: none that no thread has time for, because what is claimed goes
  /// on when the store turns out to be away.
  var claimsMax: Int { min(threads, concurrency) }
}

/// How files are brought back.
public struct RestoreSettings: Equatable, Sendable {
  public var threads: Int
  /// A file whose digest is not known is not served.
  public var enforcesContentHash: Bool
}

/// How often and how long what failed is tried again.
public struct RetrySettings: Equatable, Sendable {
  public var attemptsMax: Int
  public var firstDelay: Duration
  public var delayMax: Duration
}

extension UploadSettings {
  package enum Declared {
    static let threads = Setting(
      "upload_threads", .integer(1...256), default: 8, "How many threads store files.",
      SettingOptions(needsRestart: true))
    static let concurrency = Setting(
      "upload_concurrency", .integer(1...4_096), default: 16,
      "How many files are stored at once, and at most as many as there are threads.")
    static let batchSize = Setting(
      "upload_batch_size", .integer(1...10_000), default: 64,
      "How many files are taken from the queue in one step.")
  }

  package static let declared = Settings(
    Declared.threads, Declared.concurrency, Declared.batchSize)

  init(_ configuration: Configuration) {
    threads = configuration[Declared.threads]
    concurrency = configuration[Declared.concurrency]
    batchSize = configuration[Declared.batchSize]
  }
}

extension RestoreSettings {
  package enum Declared {
    static let threads = Setting(
      "restore_threads", .integer(1...256), default: 16, "How many threads restore files.",
      SettingOptions(needsRestart: true))
    static let enforcesContentHash = Setting(
      "enforce_content_hash", .truth, default: true,
      "A file whose digest is not known is not served, as one is that does not match its digest.")
    /// Whoever opens a store takes these for it, unless its own section says otherwise.
    package static let chunkThreshold = Setting(
      "restore_chunk_threshold_mb", .integer(8...1_048_576), default: 64,
      "Objects of more MiB are restored in ranges side by side, where a store's own section does "
        + "not say otherwise.", SettingOptions(needsRestart: true))
    package static let chunkThreads = Setting(
      "restore_chunk_threads", .integer(1...16), default: 4,
      "How many ranges of one object are restored side by side, where a store's own section does "
        + "not say otherwise.", SettingOptions(needsRestart: true))
  }

  package static let declared = Settings(
    Declared.threads, Declared.chunkThreshold, Declared.chunkThreads, Declared.enforcesContentHash)

  init(_ configuration: Configuration) {
    threads = configuration[Declared.threads]
    enforcesContentHash = configuration[Declared.enforcesContentHash]
  }
}

extension RetrySettings {
  package enum Declared {
    static let attemptsMax = Setting(
      "retry_attempts_max", .integer(1...1_000), default: 10,
      "How often an upload is tried before it has failed and waits for an operator.")
    static let firstDelay = Setting(
      "retry_first_delay", .duration(.milliseconds(1) ... .seconds(3_600)), default: .seconds(5),
      "How long a failed upload waits at most before its second attempt; each later wait may be "
        + "twice as long.")
    static let delayMax = Setting(
      "retry_delay_max", .duration(.milliseconds(1) ... .seconds(86_400)), default: .seconds(900),
      "What no wait between attempts exceeds.")

    static let delays = SettingRule(between: [firstDelay.declaration, delayMax.declaration]) {
      configuration in
      guard configuration[firstDelay] > configuration[delayMax] else { return [] }
      let isFirst = configuration.origin(of: firstDelay) != .standard
      return [
        .init(
          origin: isFirst
            ? configuration.origin(of: firstDelay) : configuration.origin(of: delayMax),
          key: firstDelay.declaration.key,
          fault: .contradiction(
            "'retry_first_delay' is longer than 'retry_delay_max'; shorten the first, or raise "
              + "the second"))
      ]
    }
  }

  package static let declared = Settings(
    Declared.attemptsMax, Declared.firstDelay, Declared.delayMax, rules: [Declared.delays])

  init(_ configuration: Configuration) {
    attemptsMax = configuration[Declared.attemptsMax]
    firstDelay = configuration[Declared.firstDelay]
    delayMax = configuration[Declared.delayMax]
  }
}
