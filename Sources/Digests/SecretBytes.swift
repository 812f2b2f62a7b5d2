// Bytes that must not get out: keys, mostly. They lie between guard pages in memory that is locked
// if the system allows it, are wiped when the last holder lets go, and have no way into text, logs
// or encodings. Guarded memory costs several pages and mappings each, so beyond a number of
// secrets alive at once further ones lie in ordinary memory; they are wiped all the same.

public import Ambient
import CSodium
import Synchronization

/// Bytes that are wiped when nobody holds them any more, and never shown.
public struct SecretBytes: Sendable {
  private let memory: SecretMemory

  /// The most secrets alive at once that lie in guarded, locked memory.
  public static let guardedMax = 1_024

  /// Copies the bytes; wiping the original is its owner's business.
  public init(copying bytes: Span<UInt8>) {
    memory = SecretMemory(count: bytes.count) { target in
      for index in bytes.indices { target[index] = bytes[index] }
    }
  }

  /// Takes the bytes over: the array is overwritten and left empty.
  public init(taking bytes: inout [UInt8]) {
    self.init(copying: bytes.span)
    unsafe bytes.withUnsafeMutableBytes { unsafe csodium_wipe($0.baseAddress, $0.count) }
    bytes = []
  }

  /// New random bytes, for a key say.
  public init(count: Int, from entropy: Entropy) {
    var bytes = entropy.bytes(count)
    self.init(taking: &bytes)
  }

  init(count: Int, filling fill: (inout MutableSpan<UInt8>) -> Void) {
    memory = SecretMemory(count: count, filling: fill)
  }

  /// How many bytes there are, which is no secret.
  public var count: Int { memory.count }

  /// Lends the bytes; whatever is copied from them is the caller's to wipe.
  public func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try memory.withBytes(body)
  }
}

extension SecretBytes: Equatable {
  /// Compares in a time that tells nothing but whether the counts differ.
  public static func == (left: SecretBytes, right: SecretBytes) -> Bool {
    guard left.count == right.count else { return false }
    return left.withBytes { left in
      right.withBytes { right in
        unsafe left.withUnsafeBufferPointer { left in
          unsafe right.withUnsafeBufferPointer { right in
            unsafe csodium_is_equal(left.baseAddress, right.baseAddress, left.count) == 1
          }
        }
      }
    }
  }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "‹redacted›" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The memory of one secret.
// The bytes are written before anyone else has the object, and only read after that: this is what
// makes the unchecked conformance true.
@safe private final class SecretMemory: @unchecked Sendable {
  let count: Int
  private let bytes: UnsafeMutablePointer<UInt8>
  private let isGuarded: Bool

  private static let guarded = Atomic<Int>(0)

  init(count: Int, filling fill: (inout MutableSpan<UInt8>) -> Void) {
    startSodium()
    self.count = count
    var memory: UnsafeMutableRawPointer?
    if Self.guarded.add(1, ordering: .relaxed).newValue <= SecretBytes.guardedMax {
      unsafe memory = csodium_allocate(count)
    }
    unsafe isGuarded = memory != nil
    if !isGuarded { Self.guarded.subtract(1, ordering: .relaxed) }
    unsafe bytes =
      memory?.assumingMemoryBound(to: UInt8.self) ?? .allocate(capacity: max(count, 1))
    unsafe bytes.initialize(repeating: 0, count: count)
    var span = unsafe UnsafeMutableBufferPointer(start: bytes, count: count).mutableSpan
    fill(&span)
  }

  deinit {
    if isGuarded {
      unsafe csodium_free(bytes)
      Self.guarded.subtract(1, ordering: .relaxed)
    } else {
      unsafe csodium_wipe(bytes, count)
      unsafe bytes.deallocate()
    }
  }

  func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(unsafe UnsafeBufferPointer(start: bytes, count: count).span)
  }
}

/// Makes libsodium ready; every door of this room that leads to it calls this first.
func startSodium() {
  precondition(sodiumIsReady, "libsodium cannot be used on this machine")
}

private let sodiumIsReady = csodium_start() == 0
