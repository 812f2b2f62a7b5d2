// Verification trusts nothing that it can recompute. It reads every frame of a pinned catalog, hashes
// every payload and header again, and follows every link; appends, compaction and readers go on
// meanwhile. Memory is bounded: a bit and eight bytes an event at most, never an object.

public import Ambient
public import Digests
public import DurableFiles

/// One thing that is wrong, and where.
public struct Finding: Hashable, Sendable {
  public let file: FilePath
  public let offset: UInt64
  /// The event it concerns, where that is known.
  public let sequence: UInt64?
  /// The rest of a sentence that begins with the file or the event.
  public let fault: String
}

/// What a verification found.
public struct VerifyReport: Sendable {
  public internal(set) var eventsChecked: UInt64 = 0
  /// Which store it is; nil where nothing says so.
  public internal(set) var lineage: Lineage?
  /// How many events the log has had, removed ones too.
  public internal(set) var count: UInt64 = 0
  /// The root over all of them, computed from their commitments, as a checkpoint would have it; nil
  /// when a part of the log could not be trusted.
  public internal(set) var root: Blake3Digest?
  /// Events that were removed, whose commitments still fit.
  public internal(set) var removed: UInt64 = 0
  /// The records that explain them, as far as they could be compared; the first of them.
  public internal(set) var removals: [Removal] = []
  /// Events whose payloads are sealed and whose keys are there.
  public internal(set) var sealed: UInt64 = 0
  /// Events whose payloads were sealed with keys that are destroyed.
  public internal(set) var shredded: UInt64 = 0
  public internal(set) var segmentsChecked = 0
  /// Roots in headers and footers, and checkpoints, that were compared.
  public internal(set) var sealsChecked = 0
  public internal(set) var signaturesChecked: UInt64 = 0
  /// Frames whose hash is not what it says.
  public internal(set) var mismatches: [Finding] = []
  /// Links that lead nowhere, or not where they must.
  public internal(set) var dangling: [Finding] = []
  /// Sequences that are missing.
  public internal(set) var gaps: [Finding] = []
  /// Everything else: footers, sidecars, roots, witnesses.
  public internal(set) var others: [Finding] = []

  /// The most findings of one sort that are kept; the rest are counted alone.
  public static let findingsMax = 1_000
  public internal(set) var findingsDropped = 0

  /// Nothing at all is wrong.
  public var isIntact: Bool { findings.isEmpty }

  /// All findings.
  public var findings: [Finding] { mismatches + gaps + dangling + others }
}

/// What a verification is to do.
public struct VerifyOptions: Sendable {
  /// Compute every hash again; otherwise only structure and seals are looked at.
  public var recomputes: Bool
  /// Check every event's signature too, which is the slow part.
  public var signatures: Bool
  /// Checkpoints that a witness kept.
  public var witnesses: [Checkpoint]
  /// Told how many of how many events are done, now and then.
  public var progress: (@Sendable (_ done: UInt64, _ total: UInt64) -> Void)?
  public var cancellation: Cancellation?

  public init(
    recomputes: Bool = true, signatures: Bool = false, witnesses: [Checkpoint] = [],
    progress: (@Sendable (_ done: UInt64, _ total: UInt64) -> Void)? = nil,
    cancellation: Cancellation? = nil
  ) {
    self.recomputes = recomputes
    self.signatures = signatures
    self.witnesses = witnesses
    self.progress = progress
    self.cancellation = cancellation
  }
}

extension EventReader {
  /// Computes the chain again and compares; appends may go on meanwhile.
  public func verify(_ options: VerifyOptions = VerifyOptions()) throws(StoreError) -> VerifyReport
  {
    let catalog = try catalog()
    guard let lineage = catalog.lineage else { return VerifyReport() }
    let (keyset, finding) = try trustedKeyset()
    var verifier = Verifier(catalog, lineage, options, keyset)
    var report = try verifier.run()
    report.lineage = lineage
    report.count = verifier.accumulator.count
    report.root = report.isIntact ? verifier.accumulator.root : nil
    if let finding { report.others.append(finding) }
    report.others += try unfulfilled(verifier.removals)
    return report
  }

  /// Verifies the store in the disk's root, whatever state it is in: what keeps it from opening is
  /// a finding like any other.
  public static func verify(
    on disk: any Disk, _ options: VerifyOptions = VerifyOptions()
  ) throws(StoreError) -> VerifyReport {
    var report: VerifyReport
    do throws(StoreError) {
      report = try open(on: disk).verify(options)
    } catch .corrupt(let site) {
      report = VerifyReport()
      report.others.append(
        Finding(file: site.file, offset: site.offset, sequence: nil, fault: site.fault))
    }
    try checkTables(on: disk, &report)
    if let manifest = try SnapshotManifest.read(on: disk) {
      report.sealsChecked += manifest.files.count
      report.others += try manifest.check(on: disk)
    }
    return report
  }

  /// The store's keyset, or what is wrong with it; neither for a store without keys.
  private func trustedKeyset() throws(StoreError) -> (Keyset?, Finding?) {
    do throws(StoreError) {
      return (try keyset(), nil)
    } catch .keyset(let fault) {
      // A snapshot says itself that its keys were left out.
      if fault == .leftOut, let disk = refresher?.disk,
        try SnapshotManifest.read(on: disk)?.includesKeys == false
      {
        return (nil, nil)
      }
      let offset: UInt64 = if case .damaged(let offset, _) = fault { offset } else { 0 }
      return (
        nil,
        Finding(
          file: KeysetFiles.keyset, offset: offset, sequence: nil,
          fault: "cannot be trusted: \(fault)")
      )
    }
  }

  /// Looks at tables that lie beside segments, which opening silently does without.
  private static func checkTables(
    on disk: any Disk, _ report: inout VerifyReport
  ) throws(StoreError) {
    let names: [[UInt8]]
    do throws(DiskError) {
      names = try disk.list(StoreNames.segments).map(\.name)
    } catch {
      throw StoreError(error)
    }
    for name in names where name.suffix(6).elementsEqual(".index".utf8) {
      let path = StoreNames.segments.appending(name)
      guard let bytes = try SmallFile.read(path, on: disk) else { continue }
      report.sealsChecked += 1
      do throws(FormatFault) {
        _ = try Sidecar.payload(.index, format: IndexImage.format, in: bytes.span)
      } catch {
        report.others.append(
          Finding(
            file: path, offset: 0, sequence: nil,
            fault: error.sentence + "; it is made anew when the store is opened and closed"))
      }
    }
  }
}
