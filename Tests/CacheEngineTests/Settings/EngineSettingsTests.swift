// What an engine is told: what each setting becomes, and what is said of settings that do not go
// together.

import Ambient
import Bytes
import Flags
import Testing

@testable import CacheEngine

@Suite struct EngineSettingsTests {
  private func read(_ text: String) throws(ConfigurationError) -> Configuration {
    try EngineSettings.declared.configuration(parsing: Array(text.utf8))
  }

  private func settings(_ text: String) throws(ConfigurationError) -> EngineSettings {
    EngineSettings(try read("{ depot_path: '/d', \(text) }"))
  }

  @Test func `a depot alone is enough, and the rest is what the reference says`() {
    let settings = EngineSettings(depot: Array("/p4/depots".utf8))
    #expect(settings.depot.path == Array("/p4/depots".utf8))
    #expect(settings.depot.stateDirectory == Array("/p4/depots/.p4cache".utf8))
    #expect(!settings.depot.isReadOnly && !settings.depot.sharesColdTier)
    #expect(settings.cache.bytesMax == ByteCount(100 << 30))
    #expect(settings.cache.lowWatermark == ByteCount(80 << 30))
    #expect(settings.uploads == UploadSettings(threads: 8, concurrency: 16, batchSize: 64))
    #expect(settings.restores == RestoreSettings(threads: 16, enforcesContentHash: true))
    #expect(settings.sealing == SealingSettings(isOn: false, scope: .file, keyFile: nil))
    #expect(settings.server.socketMode == 0o660 && settings.server.shimUsers.isEmpty)
    #expect(settings.events.retention == nil && settings.events.durability == .durable)
    #expect(settings.reports.metricsInterval == .seconds(15))
    #expect(settings.reports.statisticsInterval == .seconds(60))
  }

  @Test func `a path that is no text is kept byte for byte`() {
    let settings = EngineSettings(depot: [0x2F, 0xFF, 0x2F])
    #expect(settings.depot.path == [0x2F, 0xFF, 0x2F])
    #expect(settings.depot.stateDirectory == [0x2F, 0xFF, 0x2F] + Array(".p4cache".utf8))
  }

  @Test(arguments: EngineSettings.declared.declarations.filter { !$0.options.isUnused }.map(\.key))
  func `each setting means something`(_ key: String) throws {
    // What operators may do is for another room, and what a store does with ranges for the stores.
    let elsewhere = ["operators", "restore_chunk_threshold_mb", "restore_chunk_threads"]
    guard !elsewhere.contains(key) else { return }
    let other: [String: String] = [
      "depot_path": "'/e'", "state_dir": "'/s'", "max_cache_gb": "200",
      "max_cache_bytes": "'200G'", "low_watermark_gb": "7", "low_watermark_bytes": "7",
      "min_age": "'1h30m'", "verify_before_evict_after": "'1d'", "scrub_bytes_per_second": "'1M'",
      "upload_threads": "9", "upload_concurrency": "9", "upload_batch_size": "9",
      "restore_threads": "9", "enforce_content_hash": "false", "retry_attempts_max": "3",
      "retry_first_delay": "'1s'", "retry_delay_max": "'1h'", "key_scope": "'depot'",
      "key_file": "'/k'", "shim_allowed_uids": "[1000]", "watcher_allowed_uids": "[1000]",
      "socket_mode": "'0600'", "events_retention_days": "30", "events_max_bytes": "'1G'",
      "events_durability": "'buffered'", "events_signing_key_file": "'/k'",
      "metrics_file": "'/m'", "metrics_interval_secs": "5", "stats_interval_secs": "5",
      "log_file": "'/l'", "log_rotate_max_mb": "5", "log_keep_days": "5", "delete_grace": "'1s'",
      "shutdown_grace": "'1s'",
    ]
    var document = "depot_path: '/d', key_file: '/k0', \(key): \(other[key] ?? "true")"
    // Given once, whichever key it is.
    if key == "depot_path" || key == "key_file" {
      document = "depot_path: \(other["depot_path"]!), key_file: '/k'"
    }
    let changed = EngineSettings(try read("{ \(document) }"))
    #expect(changed != EngineSettings(try read("{ depot_path: '/d', key_file: '/k0' }")), "\(key)")
  }

  @Test func `sizes are said in one of two ways`() throws {
    #expect(try settings("max_cache_gb: 0.5").cache.bytesMax == ByteCount(1 << 29))
    #expect(try settings("max_cache_bytes: 4096").cache.bytesMax == ByteCount(4_096))
    #expect(try settings("max_cache_bytes: '1.5GiB'").cache.bytesMax == ByteCount(3 << 29))
    #expect(try settings("max_cache_bytes: 7").cache.lowWatermark == ByteCount(5))
    #expect(
      try settings("max_cache_bytes: 1125899906842624").cache.lowWatermark
        == ByteCount(900_719_925_474_099))
  }

  @Test(
    arguments: [
      (
        "max_cache_gb: 1, max_cache_bytes: 2",
        "line 1, column 55: 'max_cache_bytes' says again what 'max_cache_gb' says; remove one of them"
      ),
      (
        "low_watermark_gb: 1, low_watermark_bytes: 2",
        "line 1, column 63: 'low_watermark_bytes' says again what 'low_watermark_gb' says; remove one of them"
      ),
      (
        "max_cache_gb: 10, low_watermark_gb: 11",
        "line 1, column 57: 'low_watermark_gb' is 11.0 GiB, above the cache's size of 10.0 GiB; "
          + "lower it, or leave it out"
      ),
      (
        "low_watermark_bytes: '101G'",
        "line 1, column 42: 'low_watermark_bytes' is 101 GiB, above the cache's size of 100 GiB; "
          + "lower it, or leave it out"
      ),
      (
        "retry_first_delay: '1h'",
        "line 1, column 40: 'retry_first_delay' is longer than 'retry_delay_max'; shorten the "
          + "first, or raise the second"
      ),
      (
        "retry_delay_max: '1s'",
        "line 1, column 38: 'retry_first_delay' is longer than 'retry_delay_max'; shorten the "
          + "first, or raise the second"
      ),
      (
        "encrypt: true",
        "line 1, column 30: 'encrypt' needs 'key_file'; make a key with 'larder events key new'"
      ),
      (
        "socket_mode: '0680'",
        "line 1, column 34: 'socket_mode' wants permission bits in octal from \"0000\" to \"0777\", "
          + "not \"0680\""
      ),
      (
        "socket_mode: 432",
        "line 1, column 34: 'socket_mode' wants permission bits in octal from \"0000\" to \"0777\", "
          + "not 432"
      ),
      (
        "shim_allowed_uids: [4294967295]",
        "line 1, column 40: 'shim_allowed_uids' wants a user's number from 0 to 4294967294, not "
          + "4294967295"
      ),
      (
        "operators: ['uid:1']",
        "line 1, column 32: 'operators' wants an object of lists, such as "
          + "{\"uid:1000\": [\"cache.write\"]}, not a list"
      ),
      (
        "max_cache_gb: 0",
        "line 1, column 35: 'max_cache_gb' wants a number from 0.001 to 1048576, not 0"
      ),
      (
        "scrub_bytes_per_sec: 0",
        "line 1, column 21: there is no setting 'scrub_bytes_per_sec' (did you mean "
          + "'scrub_bytes_per_second'?)"
      ),
    ])
  func `what does not go together is told with its place`(_ text: String, _ sentence: String) {
    let error = #expect(throws: ConfigurationError.self) { try settings(text) }
    #expect(error?.description == sentence)
  }

  @Test func `grants pass through as they stand in the file`() throws {
    let configuration = try read("{ depot_path: '/d', operators: { 'uid:7': ['*'] } }")
    let operators = configuration[ServerSettings.Declared.operators]
    #expect(operators?["uid:7"]?.position == TextPosition(line: 1, column: 34))
    #expect(try read("{ depot_path: '/d' }")[ServerSettings.Declared.operators] == nil)
  }
}
