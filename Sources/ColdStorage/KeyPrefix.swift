// The part of a bucket or directory that one depot has to itself: it stands before every key on the
// way in, and is taken off every listed name on the way out.

/// What stands before every key of one backend: nothing, or components that end in `/`.
public struct KeyPrefix: Hashable, Sendable {
  /// Empty, or ending in `/`.
  public let bytes: [UInt8]

  /// No prefix.
  public static let none = KeyPrefix(known: [])

  private init(known bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// A prefix from text, with or without its last `/`; throws `.invalidKey` under the rules of keys.
  public init(_ text: String) throws(StorageError) {
    let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
    bytes =
      trimmed.isEmpty && text.isEmpty ? [] : try ObjectKey(trimmed).bytes + [UInt8(ascii: "/")]
  }

  /// The name of an object inside the backend.
  public func name(of key: ObjectKey) -> [UInt8] {
    bytes + key.bytes
  }

  /// The key of a name inside the backend; nil when it lies outside the prefix or is no key, which
  /// others may have stored there.
  public func key(of name: [UInt8]) -> ObjectKey? {
    guard name.starts(with: bytes) else { return nil }
    do throws(StorageError) {
      return try ObjectKey(bytes: Array(name[bytes.count...]))
    } catch {
      // Not ours: no key of ours has such a name.
      return nil
    }
  }
}
