// Verifying in idle time: file by file in the order of paths, again from the first behind the last, and never
// more bytes in a second than the setting allows. It rests while files move. Where it was is kept in
// memory alone; an engine that starts begins at the first file.

internal import Ambient
internal import DurableFiles
internal import Manifest
internal import Telemetry

/// How far a scrub has come.
struct ScrubPlace: Sendable {
  var rows: RowPlace?
}

extension Engine {
  /// Files that are looked up at once.
  private static let scrubPage = 64
  /// How often the rate pays, and it is looked whether something is to be scrubbed.
  private static let scrubPause = Duration.seconds(1)

  /// Verifies files for as long as the engine runs, if it is told to.
  func scrub() {
    var place = ScrubPlace()
    // What was read and the rate has not paid for yet.
    var owed: UInt64 = 0
    while !isStopping {
      pause(Self.scrubPause)
      let rate = UInt64(settings.cache.scrubBytesPerSecond.bytes)
      owed -= min(owed, rate)
      guard owed == 0, rate > 0, !uploads.flow.moves, !restores.flow.moves else { continue }
      owed = scrubStep(&place)
    }
  }

  /// Verifies files of the next page, until as many bytes are read as a second allows; returns how many
  /// were. What is found is an event of its file.
  func scrubStep(_ place: inout ScrubPlace) -> UInt64 {
    let allowed = UInt64(settings.cache.scrubBytesPerSecond.bytes)
    var bytes: UInt64 = 0
    do throws(ManifestError) {
      let page = try manifest.page(RowQuery(.path, limit: Self.scrubPage), after: place.rows)
      for listed in page.rows {
        if isStopping || bytes >= allowed { return bytes }
        place.rows = try manifest.place(of: listed.path, in: .path) ?? place.rows
        // A page may be older than what is known of the file by now.
        guard let row = try manifest.row(at: listed.path), row.state == .clean else { continue }
        bytes += verify(row)
      }
      place.rows = page.next
    } catch {
      log.write(.warning, "what is to be verified cannot be told", [LogField("why", "\(error)")])
    }
    return bytes
  }

  /// Reads the hot copy of a file and looks at the stored one; returns how many bytes were read.
  private func verify(_ row: FileRow) -> UInt64 {
    do throws(EngineError) {
      _ = try verifier.verify(row, hot: true, stored: .head, scrubbing)
    } catch {
      log.write(
        .info, "a file was not verified and is come back to",
        [LogField("path", "\(row.path)"), LogField("why", "\(error)")])
      return 0
    }
    let bytes = row.isHot ? row.size : 0
    counters.scrubbedFiles.add()
    counters.scrubbedBytes.add(bytes)
    return bytes
  }
}
