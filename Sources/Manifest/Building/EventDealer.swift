// Transitions dealt out by their files into parts that fit into memory, so that each part can be
// folded on its own: all that happened to one file is in one part, in the order of the log. Parts
// are files of records, each a kind (2), sequence, generation (varints), time (zigzag) and payload
// (prefixed). They live as long as one build; what a crash leaves of them is removed by the next.

internal import Ambient
internal import Bytes
internal import DurableFiles
internal import EventStore

struct EventDealer {
  /// Nil for a log that fits into one part, which stays in memory.
  private let disk: (any Disk)?
  private var buffers: [ByteWriter]
  private let files: [FilePath]

  /// The most parts, which bounds their buffers.
  static let partsMax = 512
  private static let bufferBytes = 128 << 10
  /// The longest part; one is as long only when nearly all happened to few files.
  static let partBytesMax = 8 << 30

  /// Parts of `partEvents` on average for a log of about as many events, in a directory that is there and empty.
  init(
    events: UInt64, partEvents: UInt64, on disk: any Disk, in directory: FilePath
  ) throws(DiskError) {
    let parts = Int(min(UInt64(Self.partsMax), events / max(1, partEvents) + 1))
    self.disk = parts == 1 ? nil : disk
    buffers = (0..<parts).map { _ in ByteWriter() }
    files = (0..<parts).map { directory.appending("part-\($0)") }
    guard parts > 1 else { return }
    for file in files { _ = try OpenFile(file, .creating(mode: 0o600), on: disk) }
  }

  var partsCount: Int { buffers.count }

  mutating func add(_ header: EventHeader, _ payload: [UInt8]) throws(DiskError) {
    // The entity is a hash of the path already.
    var hash = 0
    for byte in header.coordinate.entityBytes.suffix(8) { hash = hash &* 31 &+ Int(byte) }
    let part = Int(UInt(bitPattern: hash) % UInt(buffers.count))
    buffers[part].append(header.kind.rawValue)
    buffers[part].append(varint: header.sequence)
    buffers[part].append(varint: header.streamSequence)
    buffers[part].append(zigzag: header.time.microseconds)
    buffers[part].append(prefixed: payload)
    guard let disk, buffers[part].count >= Self.bufferBytes else { return }
    try flush(part, on: disk)
  }

  private mutating func flush(_ part: Int, on disk: any Disk) throws(DiskError) {
    let file = try OpenFile(files[part], .writing, on: disk)
    try file.append(buffers[part].take())
  }

  /// Gives a part to the body, event by event, and forgets it.
  mutating func take(
    _ part: Int, _ body: (EventKind, EventPlace, [UInt8]) -> Void
  ) throws(DiskError) {
    var bytes: [UInt8]
    if let disk {
      try flush(part, on: disk)
      bytes = try OpenFile(files[part], .reading, on: disk).readAll(bytesMax: Self.partBytesMax)
      try disk.remove(files[part])
    } else {
      bytes = buffers[part].take()
    }
    let count = bytes.count
    var reader = ByteReader(bytes)
    bytes = []
    do throws(BytesError) {
      while reader.offset < count {
        let kind = EventKind(rawValue: try reader.uint16())
        let sequence = try reader.varint()
        let generation = try reader.varint()
        let time = WallTime(microseconds: try reader.zigzag())
        let payload = try reader.prefixed(lengthMax: NewEvent.payloadBytesMax)
        body(kind, EventPlace(sequence: sequence, generation: generation, time: time), payload)
      }
    } catch {
      // This process wrote it a moment ago; whatever became of it, the build begins anew.
      throw .endsEarly(files[part], offset: UInt64(reader.offset))
    }
  }
}
