// Saves what verifies out of a store that does not open, into a new one. The damaged store is only
// read. Its segments are gone through frame by frame; where one does not read, the next that does is
// looked for, byte by byte, for a frame is valid only where it was written. Each event's commitment
// is computed again, and what holds is appended to the new store as an import: under a lineage of its
// own, with where it came from in its extensions.
//
// A lineage of its own, because what is lost is lost with its commitments: the chain and the roots
// of the damaged store cannot go on without them. Receipts of that store verify by themselves as
// before, and say where in it each event was.
//
// What was never shown is not shown now: members of a fence whose commit is not among what reads are
// left out, and counted. What is left of a batch stays one transaction.

public import Ambient
internal import Bytes
internal import Digests
public import DurableFiles

/// Something of a damaged store that was not saved.
public struct SalvageLoss: Hashable, Sendable {
  public let file: FilePath
  public let offset: UInt64
  /// The rest of a sentence that begins with the file.
  public let fault: String
  /// The events that are lost there; nil where none is, or nobody can tell how many.
  public internal(set) var sequences: ClosedRange<UInt64>?
}

/// What a salvage saved and what it could not.
public struct SalvageReport: Sendable {
  /// The damaged store.
  public internal(set) var source: Lineage
  public internal(set) var saved: UInt64 = 0
  /// Events that compaction had removed before.
  public internal(set) var removed: UInt64 = 0
  /// Events whose payload is sealed; they are read with their keys or not at all.
  public internal(set) var sealed: UInt64 = 0
  /// Members of fences that were cancelled, or whose commit was not found.
  public internal(set) var hidden: UInt64 = 0
  /// Events behind the last mark of their segment, which may never have been acknowledged.
  public internal(set) var unproven: UInt64 = 0
  /// The last event that was seen.
  public internal(set) var last: UInt64 = 0
  public internal(set) var losses: [SalvageLoss] = []
  public internal(set) var lossesDropped = 0

  /// The most losses that are told one by one.
  public static let lossesMax = 1_000

  /// How many events are known to be lost.
  public var lost: UInt64 {
    losses.reduce(0) { $0 + ($1.sequences.map { $0.upperBound - $0.lowerBound + 1 } ?? 0) }
  }
}

/// How a salvage is done.
public struct SalvageOptions: Sendable {
  /// Told how many of how many bytes were gone through.
  public var progress: (@Sendable (_ done: UInt64, _ total: UInt64) -> Void)?
  public var cancellation: Cancellation?

  public init(
    progress: (@Sendable (_ done: UInt64, _ total: UInt64) -> Void)? = nil,
    cancellation: Cancellation? = nil
  ) {
    self.progress = progress
    self.cancellation = cancellation
  }
}

extension EventStore {
  /// Appends to this store, which must be new, what verifies of the store in another disk's root.
  public func salvage(
    from damaged: any Disk, _ options: SalvageOptions = SalvageOptions()
  ) throws(StoreError) -> SalvageReport {
    guard try reader.events(in: Region(sequences: 2...(.max)), limit: 1).events.isEmpty else {
      throw .target("holds events already")
    }
    var salvage = try Salvage(damaged, into: self, options)
    return try salvage.run()
  }
}

struct Salvage {
  private let disk: any Disk
  private let store: EventStore
  private let options: SalvageOptions
  private let names: [SegmentName]
  private let lineages: [Lineage]
  private var report: SalvageReport
  private var total: UInt64 = 0
  private var done: UInt64 = 0
  /// A place that did not read, until the next event says what was lost there.
  private var pending: SalvageLoss?
  private var expected: UInt64 = 1

  init(
    _ disk: any Disk, into store: EventStore, _ options: SalvageOptions
  ) throws(StoreError) {
    self.disk = disk
    self.store = store
    self.options = options
    var names: [SegmentName] = []
    do throws(DiskError) {
      names = try disk.list(StoreNames.segments).compactMap { Segment.name(fromFile: $0.name) }
      for name in names { total += try disk.status(at: StoreNames.segment(name))?.size ?? 0 }
    } catch {
      throw StoreError(error)
    }
    // The newest generation first, of those that begin at one sequence.
    names.sort { ($0.first, $1.generation) < ($1.first, $0.generation) }
    self.names = names
    guard let own = try Self.lineage(on: disk, names) else { throw .notAStore(StoreNames.meta) }
    lineages = [own] + (try Self.origins(on: disk)).map(\.lineage)
    report = SalvageReport(source: own)
  }

  /// Which store it was, by its meta file or, where that is damaged, its newest segment.
  private static func lineage(
    on disk: any Disk, _ names: [SegmentName]
  ) throws(StoreError) -> Lineage? {
    do throws(StoreError) {
      if let meta = try StoreMeta.read(on: disk) { return meta.lineage }
    } catch .corrupt {
      // Its segments say it too.
    }
    for name in names.reversed() {
      let file = try SegmentFile(StoreNames.segment(name), .reading, on: disk)
      let bytes = try file.read(at: 0, count: SegmentHeader.count)
      do throws(FormatFault) {
        return try SegmentHeader.decode(bytes).lineage
      } catch {
        // The next one may still be read.
        continue
      }
    }
    return nil
  }

  private static func origins(on disk: any Disk) throws(StoreError) -> [Origin] {
    do throws(StoreError) {
      return try OriginFile.read(on: disk)
    } catch .corrupt {
      // Then segments of a fork's parent are told by nothing, and are left out by name.
      return []
    }
  }

  mutating func run() throws(StoreError) -> SalvageReport {
    var importer = EventImporter(into: store, of: report.source)
    for name in names {
      if name.first < expected {
        // A newer generation had all of it.
        continue
      }
      try save(name, &importer, isLast: name == names.last)
    }
    try settleEnd()
    try importer.settle()
    report.saved = importer.appended
    return report
  }

  // MARK: - Segments

  private mutating func save(
    _ name: SegmentName, _ importer: inout EventImporter, isLast: Bool
  ) throws(StoreError) {
    let path = StoreNames.segment(name)
    let file = try SegmentFile(path, .reading, on: disk)
    let map = try file.map()
    let (header, fault) = try self.header(file)
    if let header, !lineages.contains(header.lineage) {
      return lose(path, 0, "belongs to the store \(header.lineage)")
    }
    if let fault { note(path, 0, fault) }
    var scan = SalvageScan(name: name, path: path, from: expected)
    try map.withBytes { (bytes: Span<UInt8>) throws(StoreError) in
      let fences = scan.fences(bytes)
      scan.rewind()
      while let found = scan.next(bytes) {
        if options.cancellation?.isCancelled == true { throw .cancelled }
        switch found {
        case .loss(let offset, let fault): lose(path, UInt64(offset), fault)
        case .note(let offset, let fault): note(path, UInt64(offset), fault)
        case .husk(let sequence):
          meet(sequence, path)
          report.removed += 1
        case .event(let event, let offset):
          meet(event.header.sequence, path)
          try take(event, fences, &importer)
          if isLast && offset > scan.provenBelow { report.unproven += 1 }
        }
        options.progress?(min(done + UInt64(scan.offset), total), total)
      }
      done += UInt64(bytes.count)
    }
  }

  private func header(
    _ file: SegmentFile
  ) throws(StoreError) -> (SegmentHeader?, fault: String?) {
    let bytes = try file.read(at: 0, count: SegmentHeader.count)
    do throws(FormatFault) {
      return (try SegmentHeader.decode(bytes), nil)
    } catch {
      return (nil, error.sentence + "; its events were read all the same")
    }
  }

  private mutating func take(
    _ event: ExportedEvent, _ fences: [UInt64: Bool], _ importer: inout EventImporter
  ) throws(StoreError) {
    if let fence = event.header.fence, fences[fence] != true {
      report.hidden += 1
    } else if event.header.kind.isSystem {
      // It says what happened to the damaged store, and nothing of the new one.
    } else if event.header.sealing != nil {
      report.sealed += 1
    } else {
      try importer.append(event)
    }
  }

  // MARK: - Losses

  /// Notes that an event is there, and with it what is not.
  private mutating func meet(_ sequence: UInt64, _ path: FilePath) {
    if var loss = pending {
      if sequence > expected { loss.sequences = expected...sequence - 1 }
      add(loss)
      pending = nil
    } else if sequence > expected {
      add(
        SalvageLoss(
          file: path, offset: 0, fault: "does not follow from the segments that are there",
          sequences: expected...sequence - 1))
    }
    expected = sequence + 1
    report.last = sequence
  }

  private mutating func lose(_ path: FilePath, _ offset: UInt64, _ fault: String) {
    if let loss = pending { add(loss) }
    pending = SalvageLoss(file: path, offset: offset, fault: fault, sequences: nil)
  }

  private mutating func note(_ path: FilePath, _ offset: UInt64, _ fault: String) {
    add(SalvageLoss(file: path, offset: offset, fault: fault, sequences: nil))
  }

  private mutating func add(_ loss: SalvageLoss) {
    guard report.losses.count < SalvageReport.lossesMax else {
      report.lossesDropped += 1
      return
    }
    report.losses.append(loss)
  }

  /// What the tables beside the tail, which a clean close left, know of events that are gone.
  private mutating func settleEnd() throws(StoreError) {
    if let name = names.last {
      let files = SegmentFiles(disk: disk, lineage: report.source, key: nil, entropy: .seeded(0))
      if let index = try files.openIndex(name), index.lastSequence >= expected {
        let loss =
          pending
          ?? SalvageLoss(
            file: StoreNames.segment(name), offset: index.endOffset,
            fault: "ends before what the last clean close saw of it", sequences: nil)
        pending = nil
        add(
          SalvageLoss(
            file: loss.file, offset: loss.offset, fault: loss.fault,
            sequences: expected...index.lastSequence))
      }
    }
    if let loss = pending { add(loss) }
    pending = nil
  }
}
