// Sealed objects and parts of a keyset, as somebody may have put them into a cold store: whatever
// they say of themselves, reckoning with it traps nowhere, and nothing comes out of them.

import Ambient
import Bytes
import ColdStorage
import Digests

@testable import CacheEngine
@testable import EventStore

private let fuzzedKey = SecretBytes(copying: [UInt8](repeating: 7, count: 32).span)

/// A header as it is, and once more behind a hash that fits; then chunks that nobody sealed.
func fuzzSealed(_ input: [UInt8]) {
  var mended = Array("LARDOBJ\u{1}".utf8) + [1, 0, 16, 0]
  mended += input.prefix(44) + [UInt8](repeating: 0, count: max(0, 44 - input.count))
  mended += [UInt8](repeating: 0, count: 8)
  mended += Blake3.digest(of: mended).bytes
  for bytes in [Array(input.prefix(SealedHeader.byteCount)), mended] {
    guard let header = decoded({ try SealedHeader.decode(bytes) }) else { continue }
    precondition(header.encode() == bytes, "a header has two spellings")
    let end = header.plaintextBytes
    for start in [0, 1, 65_535, 65_536, end / 2, end, UInt64.max / 2] {
      let chunks = header.chunks(of: start..<max(start, end))
      precondition(header.sealedRange(of: chunks).upperBound <= header.sealedBytes)
    }
    let rest = Array(input.dropFirst(44))
    let sink = OpeningSink("a", under: DataKey(header.key, fuzzedKey), into: Nowhere())
    let isOpened: Void? = decoded {
      try sink.begin(size: header.sealedBytes)
      try sink.write(bytes.span, at: 0)
      try sink.write(rest.span, at: UInt64(bytes.count))
      _ = try sink.finish()
    }
    precondition(isOpened == nil, "what nobody sealed was opened")
  }
}

/// A sink that has room for what a header claims.
private final class Nowhere: ObjectSink {
  var isOrdered: Bool { true }
  func begin(size: UInt64) throws(StorageError) {}
  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) {}
}

/// A part of a copied keyset as it is, and once more in an envelope that fits.
func fuzzPart(_ input: [UInt8]) {
  let key = FuzzedStore.key
  let head = KeysetHead(
    granularity: .entity, lineage: FuzzedStore.lineage, keyID: key.id,
    salt: KeysetSalt(high: 1, low: 2), epoch: 0, history: ShredHistory.none, minted: 0, records: 0)
  let mended = KeysetPart(
    first: Int(input.first ?? 0), head: head.encode(with: key), records: Array(input.dropFirst())
  ).encode()
  for bytes in [input, Sidecar.encode(.keysetPart, format: 1, payload: input), mended] {
    if let part = decoded({ try KeysetPart.decode(bytes) }) {
      precondition(part.encode() == bytes, "a part has two spellings")
    }
    guard let copy = decoded({ try KeysetCopy([bytes], key) }) else { continue }
    _ = decoded { try copy.dataKey(DataKeyID(.entity("a"), generation: 1)) }
  }
}

enum FuzzedSealing {
  /// The fields of a header without its beginning, and a part of one record without its first byte's
  /// meaning.
  static func seeds(for target: FuzzTarget) -> [[UInt8]] {
    if target == .sealed {
      let key = DataKeyID(.entity("a"), generation: 1)
      let salt = [UInt8](repeating: 5, count: SealedHeader.saltByteCount)
      return ([0, 70_000] as [UInt64]).map { size in
        let header = SealedHeader(key: key, salt: salt, plaintextBytes: size)
        return Array(header.encode()[12..<56]) + [UInt8](repeating: 1, count: 100)
      }
    }
    var writer = ByteWriter()
    writer.append(UInt8(0))
    KeyRecord(
      scope: KeyScopeID(.entity("a")), generation: 1,
      content: .key(
        durableBelow: 0, nonce: [UInt8](repeating: 1, count: 24),
        wrapped: [UInt8](repeating: 2, count: 48))
    ).encode(at: 0, KeysetSalt(high: 1, low: 2), into: &writer)
    return [writer.take()]
  }
}
