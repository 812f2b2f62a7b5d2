// The depot's server's end of `shim.sock`: one request a connection, as a program does that has the shim
// preloaded and asks once in a while.

import CacheEngine
import DurableFiles
import Sockets

/// Asks the engine for files.
struct ShimClient: Sendable {
  /// What the engine answered.
  enum Answer: Equatable, Sendable {
    case done
    /// The first word behind `ERR`, or who could not be asked.
    case refused(String)
  }

  /// How long an answer may take; a cold store that is slow must not look like one that is gone.
  private static let patience = Duration.seconds(120)
  /// The longest answer, a refusal with its sentence.
  private static let lineBytesMax = 4_096
  /// What is counted when nobody answers.
  static let unreachable = "unreachable"

  let socket: [UInt8]

  func fetch(_ path: FilePath) -> Answer { ask(.fetch(path: path.bytes)) }

  func delete(_ path: FilePath) -> Answer { ask(.delete(path: path.bytes)) }

  private func ask(_ request: ShimRequest) -> Answer {
    let line: [UInt8]?
    do throws(SocketsError) {
      let deadline = Deadline.after(Self.patience)
      let stream = try Stream.connect(unix: socket, deadline)
      try stream.write(request.line, deadline)
      var reader = StreamReader(lineBytesMax: Self.lineBytesMax)
      line = try reader.line(from: stream, deadline)
    } catch {
      // The engine is being restarted, or answers nobody; the workload tries something else.
      return .refused(Self.unreachable)
    }
    guard let line else { return .refused(Self.unreachable) }
    let words = String(decoding: line, as: UTF8.self).split(separator: " ", maxSplits: 2)
    switch words.first {
    case "OK": return .done
    case "ERR" where words.count > 1: return .refused(String(words[1]))
    default: return .refused("malformed")
    }
  }
}
