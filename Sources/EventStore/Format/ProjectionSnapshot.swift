// The state of a projection at one position, so that it need not begin at the first event. It can be
// built anew from the log, so whatever is wrong with one means that it is, and the projection says so.
//
//   small file of kind 4:  lineage (16), name prefixed, version (4), region, position (8),
//                          commitment of the event there (32, zeros with 0), the state's bytes

internal import Bytes
internal import Digests

struct ProjectionSnapshot: Equatable {
  private static let format: UInt16 = 1

  let lineage: Lineage
  let name: String
  let version: UInt32
  let region: Region
  let position: UInt64
  /// Of the event at the position; nil before the first.
  let commitment: Commitment?
  let state: [UInt8]

  init(
    lineage: Lineage, name: String, version: UInt32, region: Region, position: UInt64,
    commitment: Commitment?, state: [UInt8]
  ) {
    self.lineage = lineage
    self.name = name
    self.version = version
    self.region = region
    self.position = position
    self.commitment = commitment
    self.state = state
  }

  var encoded: [UInt8] {
    var writer = ByteWriter(reserving: state.count + 256)
    writer.append(id: lineage.id)
    writer.append(prefixed: name)
    writer.append(version)
    region.encode(into: &writer)
    writer.append(position)
    if let commitment {
      writer.append(digest: commitment.digest)
    } else {
      writer.append(repeating: 0, count: 32)
    }
    writer.append(bytes: state)
    return Sidecar.encode(.projection, format: Self.format, payload: writer.bytes)
  }

  init(decoding bytes: [UInt8]) throws(FormatFault) {
    let span = bytes.span
    let payload = try Sidecar.payload(.projection, format: Self.format, in: span)
    let name: String?
    let region: Region?
    do throws(BytesError) {
      var cursor = ByteCursor(payload)
      lineage = Lineage(id: try cursor.id(in: span))
      name = String(
        validating: try cursor.prefixed(lengthMax: Projection<Void>.nameBytesMax, in: span),
        as: UTF8.self)
      version = try cursor.uint32(in: span)
      region = try Region(span, &cursor)
      position = try cursor.uint64(in: span)
      let commitment = Commitment(try cursor.digest(in: span))
      self.commitment = position == 0 ? nil : commitment
      state = copy(span, cursor.offset..<payload.upperBound)
    } catch {
      throw FormatFault(error)
    }
    guard let name, let region else { throw FormatFault("has impossible values") }
    self.name = name
    self.region = region
  }
}
