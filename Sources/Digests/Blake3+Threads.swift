// BLAKE3 on several threads. The input is cut into pieces of a power of two of chunks; workers
// claim them in order, hash each to a subtree, and the calling thread joins the subtrees, in order
// again. Claims stay within a window before the join, so memory is bounded however long the input
// and however uneven the workers.
//
//   piece   0        1        2        3     …    end
//        caller   worker   worker   worker       caller     (bytes, subtrees, bytes)
//
// The first piece is taken as bytes because a subtree alone would not tell whether it is the root.

import Ambient

extension Blake3 {
  /// The most threads that hash one input.
  package static let threadsMax = 64
  /// What a worker claims at once.
  static let pieceBytes = 256 * 1_024

  /// The digest of bytes that are all there, computed by several threads where that pays.
  package static func digest(
    of bytes: Span<UInt8>, _ mode: Blake3Mode = .plain, threads: Int
  ) -> Blake3Digest {
    let whole = bytes.count / pieceBytes
    guard threads > 1, whole > 1 else { return digest(of: bytes, mode) }
    var hasher = Blake3(mode)
    unsafe bytes.withUnsafeBufferPointer { buffer in
      let shared = unsafe SharedBytes(buffer: buffer)
      let crew = Crew<Never>(threads: min(threads, whole - 1)) { index, _ in
        guard index < whole else { return .success(.end([])) }
        return .success(.whole(shared.withPiece(index) { subtree(of: $0, number: index, mode) }))
      }
      hasher.update(bytes.extracting(first: pieceBytes))
      crew.join(into: &hasher) { _ in }
    }
    hasher.update(bytes.extracting(whole * pieceBytes..<bytes.count))
    return hasher.digest()
  }

  /// The digest of what `read` gives: it fills the piece with what lies at the offset, and returns
  /// how much, less than all of it only where the input ends.
  ///
  /// With more than one thread, `read` is called on several at once. `progress` is told on the
  /// calling thread how many bytes are behind it.
  package static func digest<Failure: Error>(
    _ mode: Blake3Mode = .plain, threads: Int, progress: (UInt64) -> Void = { _ in },
    reading read:
      @escaping @Sendable (
        _ offset: UInt64, _ piece: inout [UInt8]
      ) throws(Failure) -> Int
  ) throws(Failure) -> Blake3Digest {
    var hasher = Blake3(mode)
    var piece = [UInt8](repeating: 0, count: pieceBytes)
    var offset: UInt64 = 0
    while true {
      let count = try read(offset, &piece)
      hasher.update(piece.span.extracting(first: count))
      offset += UInt64(count)
      progress(offset)
      if count < pieceBytes { return hasher.digest() }
      if threads > 1 { break }
    }
    let crew = Crew<Failure>(threads: threads) { index, piece in
      do throws(Failure) {
        if piece.isEmpty { piece = [UInt8](repeating: 0, count: pieceBytes) }
        let count = try read(index * UInt64(pieceBytes), &piece)
        guard count == pieceBytes else { return .success(.end(Array(piece[..<count]))) }
        return .success(.whole(subtree(of: piece.span, number: index, mode)))
      } catch {
        return .failure(error)
      }
    }
    try crew.join(into: &hasher) { progress($0 * UInt64(pieceBytes)) }
    return hasher.digest()
  }

  private static func subtree(
    of piece: Span<UInt8>, number index: UInt64, _ mode: Blake3Mode
  ) -> Blake3Subtree {
    do throws(DigestsError) {
      return try Blake3Subtree(
        of: piece, atChunk: index * UInt64(pieceBytes / chunkBytes), mode)
    } catch {
      preconditionFailure("a piece is a subtree: \(error)")
    }
  }
}

/// A piece as a worker delivers it.
private enum Piece: Sendable {
  case whole(Blake3Subtree)
  /// The last bytes of the input, fewer than a piece or none; nothing follows.
  case end([UInt8])
}

/// The workers on one input, and what they have delivered.
private final class Crew<Failure: Error>: Sendable {
  typealias Outcome = Result<Piece, Failure>

  private struct State {
    /// The first piece that nobody has claimed; the caller has taken piece 0.
    var next: UInt64 = 1
    /// The first piece that is not joined.
    var expected: UInt64 = 1
    var delivered: [UInt64: Outcome] = [:]
    var isEnding = false
    var working: Int
  }
  private let state: Monitor<State>
  private let window: UInt64

  /// How far ahead of the join each worker may be.
  private static var piecesAheadMax: Int { 4 }

  init(
    threads: Int, piece: @escaping @Sendable (UInt64, inout [UInt8]) -> Outcome
  ) {
    let threads = min(max(threads, 1), Blake3.threadsMax)
    window = UInt64(threads * Self.piecesAheadMax)
    state = Monitor(State(working: threads))
    for number in 0..<threads {
      Worker("blake3-\(number)") { [self] in
        var buffer: [UInt8] = []
        while let index = claim() {
          let outcome = piece(index, &buffer)
          state.change { $0.delivered[index] = outcome }
        }
        state.change { $0.working -= 1 }
      }.detach()
    }
  }

  private func claim() -> UInt64? {
    state.wait { (state: inout State) -> UInt64?? in
      if state.isEnding { return .some(nil) }
      guard state.next < state.expected + self.window else { return nil }
      defer { state.next += 1 }
      return .some(state.next)
    } ?? nil
  }

  /// Joins what is delivered until the end or the first failure; returns when every worker is done.
  func join(into hasher: inout Blake3, joined: (_ pieces: UInt64) -> Void) throws(Failure) {
    defer {
      state.change { $0.isEnding = true }
      _ = state.wait { $0.working == 0 ? true : nil }
    }
    while true {
      let outcome = state.wait { (state: inout State) -> Outcome? in
        guard let outcome = state.delivered.removeValue(forKey: state.expected) else { return nil }
        state.expected += 1
        return outcome
      }
      state.wakeAll()
      switch outcome {
      case .success(.whole(let subtree))?:
        do throws(DigestsError) {
          try hasher.update(subtree)
        } catch {
          preconditionFailure("pieces are joined in order: \(error)")
        }
        joined(subtree.firstChunk / subtree.chunks + 1)
      case .success(.end(let bytes))?: return hasher.update(bytes)
      case .failure(let error)?: throw error
      case nil: preconditionFailure("a wait without a limit ends with an outcome")
      }
    }
  }
}

/// Bytes that several threads read.
// They belong to the caller of `digest`, who does not return, and so keeps them alive and unchanged,
// before every worker is done.
@safe private struct SharedBytes: @unchecked Sendable {
  private let buffer: UnsafeBufferPointer<UInt8>

  init(buffer: UnsafeBufferPointer<UInt8>) {
    unsafe self.buffer = buffer
  }

  func withPiece<Result>(_ index: UInt64, _ body: (Span<UInt8>) -> Result) -> Result {
    let start = Int(index) * Blake3.pieceBytes
    return body(unsafe buffer.extracting(start..<start + Blake3.pieceBytes).span)
  }
}
