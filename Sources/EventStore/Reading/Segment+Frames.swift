// One pass over all frames of a segment, as verification's, but for those who only want what stands
// there: compaction, export and salvage. A frame that does not read ends the pass with an error.

internal import Bytes
internal import DurableFiles

/// A frame on a pass, with the bytes that its parts are ranges of.
struct PassedFrame {
  let frame: Frame
  /// The body, which is what is copied when the frame moves to another segment.
  let body: Range<Int>
  let offset: Int
}

extension Segment {
  /// Lends each frame before `end`, marks included, in order.
  func pass(
    to end: UInt64, _ visit: (Span<UInt8>, PassedFrame) throws(StoreError) -> Void
  ) throws(StoreError) {
    let map = try mapped()
    try map.withBytes { (bytes: Span<UInt8>) throws(StoreError) in
      let span = bytes.extracting(0..<min(bytes.count, Int(end)))
      var offset = SegmentHeader.count
      while offset < span.count {
        switch Frame.read(span, at: offset, base: 0, in: name) {
        case .frame(let frame, let body, _):
          try visit(bytes, PassedFrame(frame: frame, body: body, offset: offset))
          offset = body.upperBound
        case .end, .needs:
          throw FormatFault("ends before its last event").at(path, UInt64(offset))
        case .damage(let fault):
          throw fault.at(path, UInt64(offset))
        }
      }
      guard UInt64(offset) == max(end, UInt64(SegmentHeader.count)) else {
        throw FormatFault("ends before its last event").at(path, UInt64(offset))
      }
    }
  }
}
