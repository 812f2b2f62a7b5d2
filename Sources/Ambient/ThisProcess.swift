// What the process was given when it began, and how it ends: its words, its environment, its exit.

import CLinux
import Glibc

/// The running process.
package enum ThisProcess {
  /// The words of the command line in the kernel's bytes, the program's own name first.
  package static var arguments: [[UInt8]] {
    (0..<Int(CommandLine.argc)).map { index in
      guard let word = unsafe CommandLine.unsafeArgv[index] else { return [] }
      return unsafe bytes(of: word)
    }
  }

  /// How many processors its threads may run on.
  package static var processors: Int { max(1, Int(clinux_processors())) }

  /// What its threads took of the processors so far.
  package static var processorTime: Duration {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  /// What the kernel calls it.
  package static var id: Int32 { getpid() }

  /// The user that it works as.
  package static var user: UInt32 { geteuid() }

  /// Whether the kernel takes it for the system's own.
  package static var isPrivileged: Bool { geteuid() == 0 }

  /// Lets the process have as many files open as the machine allows it; how many that are, or nil when
  /// the kernel refused and all is as it was.
  package static func raiseOpenFiles() -> Int64? {
    let count = clinux_raise_open_files()
    return count < 0 ? nil : count
  }

  /// A variable of the environment; nil when it is not set.
  package static func variable(_ name: String) -> [UInt8]? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe bytes(of: value)
  }

  /// Makes the standard streams safe to use: writing to a pipe that nobody reads is an error and no
  /// longer the end of the process, and a closed stream stays closed, whatever is opened later.
  package static func prepareStreams() {
    _ = signal(SIGPIPE, SIG_IGN)
    // Without /dev/null the streams are as safe as they came; there is no one to tell.
    _ = clinux_hold_standard_descriptors()
  }

  /// Ends the process at once; nothing that is buffered is written.
  package static func exit(_ code: Int32) -> Never {
    Glibc.exit(code)
  }

  private static func bytes(of text: UnsafeMutablePointer<CChar>) -> [UInt8] {
    unsafe UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
  }
}
