// Copying bytes from span to span in one go, which spans of this toolchain cannot do themselves.

import Glibc

extension MutableSpan<UInt8> {
  /// Puts all of `bytes` at `position`, where there must be room for them.
  package mutating func copy(_ bytes: Span<UInt8>, at position: Int) {
    precondition(
      position >= 0 && position <= count && bytes.count <= count - position,
      "no room for the bytes")
    if bytes.isEmpty { return }
    unsafe withUnsafeMutableBufferPointer { target in
      unsafe bytes.withUnsafeBufferPointer { source in
        _ = unsafe memcpy(target.baseAddress! + position, source.baseAddress!, source.count)
      }
    }
  }
}
