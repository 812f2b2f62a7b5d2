// A row as it is shown. That a file is being uploaded is known to whoever uploads it and to no row.

internal import Ambient
internal import Bytes
package import DurableFiles
package import Views

extension FileRow {
  /// The file as lists show it; `bytesDone` says how much of it is stored while it is being uploaded.
  package func view(uploaded bytesDone: UInt64? = nil) -> FileView {
    let details = hot?.details ?? stored?.details
    return FileView(
      path: path.bytes, state: shownState(isUploading: bytesDone != nil), size: size,
      isPinned: isPinned, created: created, changed: changed, accessed: accessed,
      modified: details.map { WallTime(microseconds: $0.modifiedNanoseconds / 1_000) },
      mode: details?.mode, attempts: attempts, retryAt: retryAt, fault: lastFault,
      stored: stored?.view, bytesDone: bytesDone, generation: generation)
  }

  private func shownState(isUploading: Bool) -> ShownState {
    switch state {
    case .dirty: isUploading ? .uploading : .dirty
    case .failed: .failed
    case .clean: isHot ? .hot : .cold
    case .shredded: .shredded
    }
  }
}

extension StoredCopy {
  fileprivate var view: StoredView {
    StoredView(
      digest: "\(digest)", size: details.size, backend: backend, key: escaped(key),
      verified: verified, scope: sealing?.scope)
  }
}

extension Tally {
  /// An amount, which is never negative once it is one of files that are there.
  package init(_ amount: Amount) {
    self.init(files: UInt64(clamping: amount.files), bytes: UInt64(clamping: amount.bytes))
  }
}

extension DepotCounts {
  /// The counts of a manifest.
  package init(_ counts: Counts) {
    self.init(
      dirty: Tally(counts[.dirty]), failed: Tally(counts[.failed]),
      hot: Tally(counts[.clean, hot: true]), cold: Tally(counts[.clean, hot: false]),
      shredded: Tally(counts[.shredded]), pinned: Tally(counts.pinned))
  }
}

extension DirectoryRow {
  /// The directory as lists show it.
  package var view: DirectoryView { below.view(of: path) }
}

extension RollUp {
  /// The directory that this is of, as lists show it.
  package func view(of path: FilePath) -> DirectoryView {
    DirectoryView(
      path: path.bytes, all: Tally(all), hot: Tally(hot), atRisk: Tally(atRisk))
  }
}
