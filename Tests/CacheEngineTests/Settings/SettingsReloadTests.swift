// A configuration read again while an engine runs, as conversations with the machine and with the
// thread that runs it.

import Ambient
import Bytes
import DurableFiles
import Flags
import ScratchFiles
import Testing

@testable import CacheEngine

@Suite struct SettingsReloadTests {
  private typealias Reload = SettingsReload

  private static let start = WallTime(seconds: 1_750_000_000)

  private static func parse(_ bytes: [UInt8]) throws(ConfigurationError) -> Configuration {
    try EngineSettings.declared.configuration(parsing: bytes)
  }

  private static func document(_ text: String) -> [UInt8] {
    Array("{ depot_path: '/d', \(text) }".utf8)
  }

  private static func stamp(_ inode: UInt64, at time: WallTime = start) -> FileStamp {
    FileStamp(device: 1, inode: inode, size: 1, modified: time)
  }

  /// A machine at rest, that has read `text` long after it was written.
  private func resting(_ text: String = "") throws -> Reload {
    let reading = Reload.Reading(stamp: Self.stamp(1), bytes: Self.document(text))
    var reload = Reload(
      inForce: try Self.parse(reading.bytes), last: reading,
      parse: { (bytes) throws(ConfigurationError) in try Self.parse(bytes) })
    #expect(reload.handle(.looked(.found(reading.stamp))) == [.read])
    #expect(reload.handle(.read(.found(reading), at: Self.start + .seconds(60))) == [])
    return reload
  }

  /// What comes of a file with another inode.
  private func replace(
    _ reload: inout Reload, by bytes: [UInt8], inode: UInt64 = 2, after: Duration = .seconds(60)
  ) -> [Reload.Action] {
    #expect(reload.handle(.looked(.found(Self.stamp(inode)))) == [.read])
    let reading = Reload.Reading(stamp: Self.stamp(inode), bytes: bytes)
    return reload.handle(.read(.found(reading), at: Self.start + after))
  }

  private func change(_ key: String, _ before: String?, _ after: String?)
    -> ConfigurationChanges.Change
  {
    .init(key: key, before: before, after: after)
  }

  @Test func `a file that did not change is not read`() throws {
    var reload = try resting()
    #expect(reload.handle(.looked(.found(Self.stamp(1)))) == [])
  }

  @Test func `what may change at once does, and the rest waits for a restart`() throws {
    var reload = try resting("max_cache_gb: 50, upload_threads: 4")
    let actions = replace(
      &reload, by: Self.document("max_cache_gb: 60, upload_threads: 5, min_age: '5m'"))
    #expect(
      actions == [
        .tell(
          .changed(
            ConfigurationChanges(
              live: [change("max_cache_gb", "50", "60")],
              afterRestart: [change("upload_threads", "4", "5")])))
      ])
    let settings = EngineSettings(reload.inForce)
    #expect(settings.cache.bytesMax == ByteCount(60 << 30) && settings.uploads.threads == 4)
    // What waits is told with every change, for as long as it waits.
    let again = replace(
      &reload, by: Self.document("max_cache_gb: 61, upload_threads: 5"), inode: 3)
    #expect(
      again == [
        .tell(
          .changed(
            ConfigurationChanges(
              live: [change("max_cache_gb", "60", "61")],
              afterRestart: [change("upload_threads", "4", "5")])))
      ])
  }

  @Test func `another spelling of the same is no change`() throws {
    var reload = try resting("max_cache_bytes: '1G', min_age: '90m'")
    let bytes = Self.document("max_cache_bytes: 1073741824, min_age: '1h30m', upload_threads: 8")
    #expect(replace(&reload, by: bytes) == [])
  }

  @Test(
    arguments: [
      ("", "line 1, column 1: the document is empty"),
      (
        "{ depot_path: '/d', ",
        "line 1, column 21: the document ends where a key or '}' was expected"
      ),
      (
        "{ depot_path: '/d',\n  min_agee: '5m' }",
        "line 2, column 3: there is no setting 'min_agee' (did you mean 'min_age'?)"
      ),
      (
        "{ depot_path: '/d',\n  max_cache_gb: 1, low_watermark_gb: 2 }",
        "line 2, column 38: 'low_watermark_gb' is 2.00 GiB, above the cache's size of 1.00 GiB; "
          + "lower it, or leave it out"
      ),
    ])
  func `a bad file keeps the last good one and is told once`(
    _ document: String, _ sentence: String
  ) throws {
    var reload = try resting("max_cache_gb: 50")
    let bytes = Array(document.utf8)
    #expect(replace(&reload, by: bytes) == [.tell(.refused(sentence))])
    #expect(EngineSettings(reload.inForce).cache.bytesMax == ByteCount(50 << 30))
    #expect(reload.handle(.looked(.found(Self.stamp(2)))) == [])
    // The same mistake in a file that was written anew is the same mistake.
    #expect(replace(&reload, by: bytes, inode: 3) == [])
    // Who asks is told.
    #expect(reload.handle(.asked) == [.read])
    let reading = Reload.Reading(stamp: Self.stamp(3), bytes: bytes)
    #expect(
      reload.handle(.read(.found(reading), at: Self.start + .seconds(90)))
        == [.tell(.refused(sentence))])
    // And that it is right again is told, though it says what was in force all the time.
    #expect(
      replace(&reload, by: Self.document("max_cache_gb: 50"), inode: 4) == [.tell(.unchanged)])
  }

  @Test func `a file that is gone is told once, and what comes in its place is read`() throws {
    var reload = try resting()
    #expect(reload.handle(.looked(.failed("it is gone"))) == [.tell(.refused("it is gone"))])
    #expect(reload.handle(.looked(.failed("it is gone"))) == [])
    #expect(replace(&reload, by: Self.document(""), inode: 1) == [.tell(.unchanged)])
  }

  @Test func `a file that was just written is read once more`() throws {
    var reload = try resting()
    #expect(
      replace(&reload, by: Self.document(""), after: .milliseconds(3)) == [])
    // Written again within the same tick of its clock: nothing but its bytes is different.
    #expect(reload.handle(.looked(.found(Self.stamp(2)))) == [.read])
    let reading = Reload.Reading(
      stamp: Self.stamp(2), bytes: Self.document("stats_interval_secs: 7"))
    let actions = reload.handle(.read(.found(reading), at: Self.start + .seconds(30)))
    #expect(
      actions == [
        .tell(
          .changed(
            ConfigurationChanges(
              live: [change("stats_interval_secs", "60", "7")], afterRestart: [])))
      ])
    #expect(reload.handle(.looked(.found(Self.stamp(2)))) == [])
  }

  @Test func `who asks is told, even that nothing changed`() throws {
    var reload = try resting()
    #expect(reload.handle(.asked) == [.read])
    let reading = Reload.Reading(stamp: Self.stamp(1), bytes: Self.document(""))
    #expect(
      reload.handle(.read(.found(reading), at: Self.start + .seconds(60))) == [.tell(.unchanged)])
    #expect(reload.handle(.read(.found(reading), at: Self.start + .seconds(60))) == [])
  }

  @Test func `a changed secret is a change, and is not shown`() throws {
    let secret: Setting<String?> = Setting(
      "secret", optional: .text("KEY"), example: "…", "A secret.", SettingOptions(isSecret: true))
    let settings = Settings(secret)
    let old = try settings.configuration(parsing: Array("{ secret: 'old' }".utf8))
    let new = try settings.configuration(parsing: Array("{ secret: 'new' }".utf8))
    #expect(
      old.changes(to: new).live == [change("secret", "‹redacted›", "‹redacted›")])
    #expect(old.changes(to: old).isEmpty)
  }

  // MARK: - The thread

  private func watch(
    _ scratch: Scratch, every interval: Duration, _ told: Monitor<[ReloadOutcome]>
  ) throws -> SettingsWatch {
    let path = Array(scratch.path("larder.json5").utf8)
    let reload = Reload(
      inForce: try Self.parse(Self.document("")), last: nil,
      parse: { (bytes) throws(ConfigurationError) in try Self.parse(bytes) })
    return SettingsWatch(reload, .live(path), every: interval, clock: .live) { outcome, _ in
      told.change { $0.append(outcome) }
    }
  }

  @Test func `a file that is replaced whole is seen by itself`() throws {
    let scratch = try Scratch()
    _ = try scratch.makeFile("larder.json5", Self.document(""))
    let told = Monitor<[ReloadOutcome]>([])
    let watch = try watch(scratch, every: .milliseconds(1), told)
    defer { watch.stop() }
    _ = try scratch.makeFile("new", Self.document("min_age: '1s'"))
    try scratch.disk.rename("new", to: "larder.json5", replacing: true)
    let outcome = told.wait(timeout: .seconds(30)) { $0.first }
    #expect(
      outcome
        == .changed(
          ConfigurationChanges(live: [change("min_age", "\"5m\"", "\"1s\"")], afterRestart: [])))
    #expect(EngineSettings(watch.inForce).cache.minimumAge == .seconds(1))
  }

  @Test func `who asks waits until it is in force`() throws {
    let scratch = try Scratch()
    _ = try scratch.makeFile("larder.json5", Self.document("min_age: '1s'"))
    let told = Monitor<[ReloadOutcome]>([])
    let watch = try watch(scratch, every: .seconds(3_600), told)
    let change = ConfigurationChanges(
      live: [change("min_age", "\"5m\"", "\"1s\"")], afterRestart: [])
    #expect(watch.reload() == .changed(change))
    #expect(told.withLock { $0 } == [.changed(change)])
    #expect(watch.reload() == .unchanged)
    try scratch.disk.remove("larder.json5")
    guard case .refused(let sentence) = watch.reload() else {
      Issue.record("a file that is gone was taken")
      return
    }
    #expect(sentence.hasPrefix("the configuration cannot be read: "))
    watch.stop()
    #expect(watch.reload() == .refused("the engine is stopping"))
  }
}
