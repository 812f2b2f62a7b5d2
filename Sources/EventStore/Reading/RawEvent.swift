// An event as it lies in the log: for whoever copies, compares or proves, and must not care whether
// its payload can be read.

internal import Bytes
internal import Digests

/// An event with its payload as it is stored: ciphertext when it is sealed.
public struct RawEvent: Hashable, Sendable {
  public let header: EventHeader
  /// What the payload digest is of.
  public let stored: [UInt8]
  public let commitment: Commitment
}

extension EventReader {
  /// The event with this sequence as it is stored, whatever keys this reader has.
  public func readRaw(_ sequence: UInt64) throws(StoreError) -> RawEvent {
    let catalog = try catalog()
    guard sequence > 0, sequence <= catalog.visible,
      let segment = catalog.segment(holding: sequence), let place = segment.place(of: sequence),
      !place.index.isCancelled(place.ordinal)
    else { throw .absent("event \(sequence)") }
    let offset = place.index.offset(of: place.ordinal)
    return try segment.withFrame(at: offset) {
      (bytes: Span<UInt8>, frame: Frame) throws(StoreError) in
      guard case .event(let event) = frame else { throw .removed(sequence: sequence) }
      do throws(FormatFault) {
        let header = try EventHeader.decode(bytes, event.header)
        guard header.sequence == sequence else {
          throw FormatFault.strayed(to: header.sequence, from: sequence)
        }
        return RawEvent(
          header: header, stored: copy(bytes, event.payload),
          commitment: event.commitment(in: bytes))
      } catch {
        throw error.at(segment.path, offset)
      }
    }
  }
}
