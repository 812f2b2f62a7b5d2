// What the engine counts since its start. Each counter moves where the thing happens, by one atomic
// operation; snapshots and metrics read them.

internal import Telemetry

/// What an engine has done since it started.
struct EngineCounters: Sendable {
  let uploads: Counter
  let uploadedBytes: Counter
  let uploadFailures: Counter
  let uploadsGivenUp: Counter
  let uploadsOvertaken: Counter
  let hits: Counter
  let restores: Counter
  let restoredBytes: Counter
  let restoreFailures: Counter
  let refusedRestores: Counter
  let unrecordedRestores: Counter
  let evictions: Counter
  let evictedBytes: Counter
  let evictionsRefused: Counter
  let deletes: Counter
  let removedObjects: Counter
  let changes: Counter
  let overflows: Counter
  let rescans: Counter
  let writersRejected: Counter
  let writersByOwner: Counter
  let adopted: Counter
  let scrubbedFiles: Counter
  let scrubbedBytes: Counter

  /// Registers them.
  init(_ registry: MetricRegistry) throws(TelemetryError) {
    uploads = try registry.counter(
      "p4cache_uploads_total", "Files that were stored.")
    uploadedBytes = try registry.counter(
      "p4cache_upload_bytes_total", "Bytes of files that were stored.")
    uploadFailures = try registry.counter(
      "p4cache_upload_failures_total", "Uploads that failed, those that are tried again among them."
    )
    uploadsGivenUp = try registry.counter(
      "p4cache_uploads_given_up_total", "Files that failed for good and wait for an operator.")
    uploadsOvertaken = try registry.counter(
      "p4cache_uploads_overtaken_total", "Uploads during which the file was written.")
    hits = try registry.counter(
      "p4cache_fetch_hits_total", "Requests for files that were in the depot.")
    restores = try registry.counter(
      "p4cache_restores_total", "Files that were restored because somebody asked.")
    restoredBytes = try registry.counter(
      "p4cache_restore_bytes_total", "Bytes of files that were restored.")
    restoreFailures = try registry.counter(
      "p4cache_restore_failures_total", "Restores that failed.")
    refusedRestores = try registry.counter(
      "p4cache_restores_refused_total", "Requests that were refused because there were too many.")
    unrecordedRestores = try registry.counter(
      "p4cache_restores_unrecorded_total", "Restores of which no event could be written.")
    evictions = try registry.counter(
      "p4cache_evictions_total", "Files that were evicted.")
    evictedBytes = try registry.counter(
      "p4cache_eviction_bytes_total", "Bytes of files that were evicted.")
    evictionsRefused = try registry.counter(
      "p4cache_evictions_refused_total", "Files that were tried and stayed.")
    deletes = try registry.counter(
      "p4cache_deletes_total", "Files that the depot's server deleted.")
    removedObjects = try registry.counter(
      "p4cache_objects_removed_total", "Objects that no file needed any more and that were removed."
    )
    changes = try registry.counter(
      "p4cache_changes_total", "Changes of the depot that were told.")
    overflows = try registry.counter(
      "p4cache_watcher_overflows_total", "How often changes were lost before they were told.")
    rescans = try registry.counter(
      "p4cache_rescans_total", "How often the whole depot was looked through.")
    writersRejected = try registry.counter(
      "p4cache_writes_rejected_total", "Writes of users whose writes do not count.")
    writersByOwner = try registry.counter(
      "p4cache_writers_by_owner_total",
      "Writes whose writer was gone, so that the file's owner stood for it.")
    adopted = try registry.counter(
      "p4cache_adopted_total", "Files of which only cold storage knew, and that were taken over.")
    scrubbedFiles = try registry.counter(
      "p4cache_scrubbed_files_total", "Files that were verified while nothing else was to do.")
    scrubbedBytes = try registry.counter(
      "p4cache_scrubbed_bytes_total",
      "Bytes of files that were verified while nothing else was to do."
    )
  }

  func note(_ end: UploadEnd) {
    switch end {
    case .stored(let bytes):
      uploads.add()
      uploadedBytes.add(bytes)
    case .failed: uploadFailures.add()
    case .gaveUp:
      uploadFailures.add()
      uploadsGivenUp.add()
    case .changed: uploadsOvertaken.add()
    case .refused, .needless: break
    }
  }

  func note(_ end: EvictionEnd) {
    switch end {
    case .evicted(let bytes):
      evictions.add()
      evictedBytes.add(bytes)
    case .stays: evictionsRefused.add()
    }
  }
}
