// Another program, run to its end: what it said, and how it ended. It is given no input, and the
// caller names how long it may take and how much it may say, so it can neither hang nor flood.

import CLinux
import Glibc

/// What a program answered.
package struct Subprocess: Equatable, Sendable {
  /// Its exit code, or 128 and the number of the signal that ended it.
  package let exitCode: Int32
  /// What it said on standard output and standard error.
  package let output: [UInt8]
  /// What it, and whoever it waited for, took of the processors.
  package let processorTime: Duration

  /// What it said, as text.
  package var text: String { String(decoding: output, as: UTF8.self) }
}

/// Why a program gave no answer.
package enum SubprocessError: Error, Equatable, Sendable {
  /// It could not be started: it is not there, or this process may not run it.
  case notStarted(program: String, errno: Int32)
  /// It was still running when its time was over, and has been ended.
  case tookTooLong(program: String)
  /// It said more than it may, and has been ended.
  case saidTooMuch(program: String, bytesMax: Int)
}

extension SubprocessError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notStarted(let program, ENOENT): "\(program) is not installed"
    case .notStarted(let program, let errno):
      "\(program) could not be started: system error \(errno)"
    case .tookTooLong(let program): "\(program) took too long and was ended"
    case .saidTooMuch(let program, let bytesMax):
      "\(program) said more than \(bytesMax) bytes and was ended"
    }
  }
}

extension Subprocess {
  /// Runs a program, found along PATH, to its end; blocks until then.
  package static func run(
    _ program: String, _ arguments: [String], timeout: Duration, outputBytesMax: Int = 1 << 20
  ) throws(SubprocessError) -> Subprocess {
    let words = ([program] + arguments).flatMap { Array($0.utf8CString) }
    var answers: Int32 = -1
    let process = unsafe clinux_start_program(words, Int32(1 + arguments.count), &answers)
    guard process > 0 else { throw .notStarted(program: program, errno: errno) }
    defer { close(answers) }

    var output: [UInt8] = []
    do throws(SubprocessError) {
      let deadline = MonotonicClock.live.now() + timeout
      while let piece = try answer(from: answers, until: deadline, of: program) {
        output += piece
        if output.count > outputBytesMax {
          throw .saidTooMuch(program: program, bytesMax: outputBytesMax)
        }
      }
    } catch {
      kill(process, SIGKILL)
      _ = ending(of: process)
      throw error
    }
    let (exitCode, processorTime) = ending(of: process)
    return Subprocess(exitCode: exitCode, output: output, processorTime: processorTime)
  }

  /// The next piece of what the program says; nil when it has closed its side.
  private static func answer(
    from descriptor: Int32, until deadline: MonotonicTime, of program: String
  ) throws(SubprocessError) -> [UInt8]? {
    var piece = [UInt8](repeating: 0, count: 4_096)
    while true {
      let left = (deadline - MonotonicClock.live.now()).wholeMicroseconds / 1_000
      var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = unsafe poll(&watched, 1, Int32(clamping: max(left, 0)))
      if ready == 0 { throw .tookTooLong(program: program) }
      if ready < 0 { continue }
      let count = unsafe Glibc.read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      return count <= 0 ? nil : Array(piece[..<count])
    }
  }

  private static func ending(of process: Int32) -> (Int32, Duration) {
    var status: Int32 = 0
    var usage = rusage()
    while unsafe wait4(process, &status, 0, &usage) < 0, errno == EINTR {}
    let exitCode = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
    let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
    return (exitCode, .seconds(seconds) + .microseconds(microseconds))
  }
}
