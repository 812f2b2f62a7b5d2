// The streams that a process begins with to say something, each written whole. A stream may be a
// terminal, a file, a pipe whose reader leaves, a full disk, or closed; the errors say which.

import CLinux
import Glibc

/// A stream that the process began with, for what it says.
package enum StandardStream: Int32, Sendable {
  case output = 1
  case error = 2
}

/// Why a standard stream could not be used.
package enum StreamError: Error, Equatable, Sendable {
  /// Whoever read it has left.
  case readerLeft
  case full
  case closed
  case system(errno: Int32)
}

extension StandardStream {
  /// Writes all of the bytes, waiting for room where the stream has a limit. See write(2).
  package func write(_ bytes: [UInt8]) throws(StreamError) {
    var done = 0
    while done < bytes.count {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(rawValue, buffer.baseAddress! + done, buffer.count - done)
      }
      if written > 0 {
        done += written
      } else {
        try waitOrThrow()
      }
    }
  }

  /// Whether a person may be sitting at it.
  package var isTerminal: Bool { isatty(rawValue) == 1 }

  /// How many columns the terminal has; nil when it is none or does not say.
  package var columns: Int? {
    let columns = clinux_terminal_columns(rawValue)
    return columns > 0 ? Int(columns) : nil
  }

  /// Goes on after an interruption, waits where a stream was set not to block, else throws.
  private func waitOrThrow() throws(StreamError) {
    switch errno {
    case EINTR: return
    case EAGAIN:
      var descriptor = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
      _ = unsafe poll(&descriptor, 1, -1)
    case EPIPE: throw .readerLeft
    case ENOSPC, EDQUOT: throw .full
    case EBADF: throw .closed
    default: throw .system(errno: errno)
    }
  }
}
