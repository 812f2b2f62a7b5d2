// What the engine tells of itself: its metrics for a collector, its figures, its log.

package import Flags

/// What is reported, where and how often.
public struct ReportSettings: Equatable, Sendable {
  /// Where metrics are written for a collector; nil for nowhere. In the kernel's bytes.
  public var metricsFile: [UInt8]?
  public var metricsInterval: Duration
  /// How often the figures of the engine go to the log.
  public var statisticsInterval: Duration
  /// Where the log goes; nil for standard error. In the kernel's bytes.
  public var logFile: [UInt8]?
  /// A log that is larger is rotated.
  public var logMebibytesMax: Int
  public var logKeepDays: Int
  /// Whether lines for debugging are kept.
  public var isVerbose: Bool
}

extension ReportSettings {
  package enum Declared {
    private static let restart = SettingOptions(needsRestart: true)

    static let metricsFile: Setting<[UInt8]?> = Setting(
      "metrics_file", optional: .path("FILE"),
      example: Array("/var/lib/node_exporter/larder.prom".utf8),
      "Where metrics are written in Prometheus' text format; nowhere when left out.", restart)
    static let metricsSeconds = Setting(
      "metrics_interval_secs", .integer(1...3_600), default: 15,
      "How many seconds pass between two writings of the metrics.")
    static let statisticsSeconds = Setting(
      "stats_interval_secs", .integer(1...86_400), default: 60,
      "How many seconds pass between two lines of figures in the log.")
    static let logFile: Setting<[UInt8]?> = Setting(
      "log_file", optional: .path("FILE"), example: Array("/var/log/larder/larder.log".utf8),
      "Where the log goes; to standard error when left out.", restart)
    static let rotateMebibytes = Setting(
      "log_rotate_max_mb", .integer(1...65_536), default: 64,
      "A log of more MiB is put aside and a new one begun.", restart)
    static let keepDays = Setting(
      "log_keep_days", .integer(1...3_650), default: 14,
      "For how many days logs that were put aside are kept.", restart)
    static let isVerbose = Setting(
      "verbose", .truth, default: false, "Whether lines for debugging are kept.")
  }

  package static let declared = Settings(
    Declared.metricsFile, Declared.metricsSeconds, Declared.statisticsSeconds, Declared.logFile,
    Declared.rotateMebibytes, Declared.keepDays, Declared.isVerbose)

  init(_ configuration: Configuration) {
    metricsFile = configuration[Declared.metricsFile]
    metricsInterval = .seconds(configuration[Declared.metricsSeconds])
    statisticsInterval = .seconds(configuration[Declared.statisticsSeconds])
    logFile = configuration[Declared.logFile]
    logMebibytesMax = configuration[Declared.rotateMebibytes]
    logKeepDays = configuration[Declared.keepDays]
    isVerbose = configuration[Declared.isVerbose]
  }
}
