// The three streams that a process begins with, written and read whole. A stream may be a terminal,
// a file, a pipe whose reader leaves, a full disk, or closed; the errors say which.

import CLinux
import Glibc

/// A stream that the process began with.
package enum StandardStream: Int32, Sendable {
  case input = 0
  case output = 1
  case error = 2
}

/// Why a standard stream could not be used.
package enum StreamError: Error, Equatable, Sendable {
  /// Whoever read it has left.
  case readerLeft
  case full
  case closed
  /// The stream is a directory, which holds no bytes.
  case directory
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
        try waitOrThrow(Int16(POLLOUT))
      }
    }
  }

  /// Reads what is there into the buffer, waiting for the first byte; 0 at the end. See read(2).
  package func read(into bytes: inout [UInt8]) throws(StreamError) -> Int {
    while true {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(rawValue, buffer.baseAddress, buffer.count)
      }
      if count >= 0 { return count }
      try waitOrThrow(Int16(POLLIN))
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
  private func waitOrThrow(_ event: Int16) throws(StreamError) {
    switch errno {
    case EINTR: return
    case EAGAIN:
      var descriptor = pollfd(fd: rawValue, events: event, revents: 0)
      _ = unsafe poll(&descriptor, 1, -1)
    case EPIPE: throw .readerLeft
    case ENOSPC, EDQUOT: throw .full
    case EBADF: throw .closed
    case EISDIR: throw .directory
    default: throw .system(errno: errno)
    }
  }
}
