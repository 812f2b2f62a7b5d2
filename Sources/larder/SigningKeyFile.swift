// The file that holds a signing key: one line, `ed25519-seed:` and 64 hexadecimal digits, which nobody
// but its owner may read. The word in front keeps a key that encrypts from being taken for one that
// signs.

import Ambient
import Bytes
import Digests
import DurableFiles
import EventStore
import Flags

enum SigningKeyFile {
  private static let prefix = Array("ed25519-seed:".utf8)
  private static let bytesMax = 256

  /// The key in a file that the person named.
  static func read(_ path: [UInt8]) throws(Failure) -> SigningKey {
    var text: [UInt8]
    let status: FileStatus
    do throws(DiskError) {
      var file = try UserFile(bytes: path)
      status = try file.status
      text = status.kind == .regular ? try file.readAll(bytesMax: bytesMax) : []
    } catch {
      throw .ended(.failed, "the key cannot be read: \(error)")
    }
    guard status.kind != .regular || status.mode & 0o077 == 0 else {
      throw .ended(
        .refused, "the key in \(escaped(path)) can be read by others; run chmod 600 on it")
    }
    guard let seed = seed(of: &text) else {
      throw .ended(
        .misused,
        "\(escaped(path)) is no signing key; make one with 'larder receipt key new FILE'")
    }
    return SigningKey(seed)
  }

  /// The key pair that a line spells; the line is overwritten.
  private static func seed(of text: inout [UInt8]) -> Ed25519.KeyPair? {
    defer { _ = SecretBytes(taking: &text) }
    var digits = text[...]
    guard digits.starts(with: prefix) else { return nil }
    digits = digits.dropFirst(prefix.count)
    while let last = digits.last, last == 0x0A || last == 0x0D { digits.removeLast() }
    guard digits.count == 2 * Ed25519.KeyPair.seedByteCount,
      let bytes = bytes(fromHexadecimal: String(decoding: digits, as: UTF8.self))
    else { return nil }
    var seed = bytes
    do throws(DigestsError) {
      return try Ed25519.KeyPair(seed: SecretBytes(taking: &seed))
    } catch {
      preconditionFailure("a seed was read with another length: \(error)")
    }
  }

  /// Makes a key in a new file, and returns it; a file that is there already is left alone.
  static func make(_ path: [UInt8]) throws(Failure) -> SigningKey {
    let pair = Ed25519.KeyPair(from: .live)
    var text =
      prefix
      + pair.seed.withBytes { seed in
        Array(hexadecimal(copy(seed, 0..<seed.count)).utf8)
      } + [0x0A]
    defer { _ = SecretBytes(taking: &text) }
    do throws(DiskError) {
      let slash = path.lastIndex(of: UInt8(ascii: "/"))
      let directory = slash.map { $0 == 0 ? [UInt8(ascii: "/")] : Array(path[..<$0]) } ?? [0x2E]
      let name = try FilePath(bytes: Array(path[(slash.map { $0 + 1 } ?? 0)...]))
      try AtomicReplace.write(
        text, to: name, mode: 0o600, replacing: false, on: try PosixDisk(root: directory),
        entropy: .live)
    } catch {
      throw .ended(.failed, "the key was not made: \(error)")
    }
    return SigningKey(pair)
  }
}
