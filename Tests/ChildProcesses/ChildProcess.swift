// A process started by a test, over posix_spawn(3). Its streams are socket pairs that no other child
// inherits, so tests may run side by side; reading and writing go on together, so neither side waits
// for the other for ever. A child that outlives its deadline is killed, and the test is red.

import Glibc

/// Where a stream of a child leads.
package enum ChildStream: Sendable {
  /// Into the test: what is written is caught, what is given is read.
  case caught
  /// Nowhere: the descriptor is closed.
  case closed
  /// A file or device that exists.
  case file(String)
  /// A reader that has left already.
  case leftByReader
}

/// How a child ended.
package enum ChildEnding: Equatable, Sendable {
  case exited(Int32)
  case signalled(Int32)
}

/// A child that has ended, and what it said.
package struct EndedChild: Sendable {
  package let ending: ChildEnding
  package let output: [UInt8]
  package let errors: [UInt8]

  /// The caught output as text.
  package var outputText: String { String(decoding: output, as: UTF8.self) }
  /// The caught errors as text.
  package var errorText: String { String(decoding: errors, as: UTF8.self) }
}

/// Why a child could not be run.
package enum ChildError: Error, Equatable {
  case notStarted(program: String, errno: Int32)
  /// It did not end in time and was killed.
  case overdue(program: String)
}

/// A running child; whoever holds it waits for it.
@safe package struct ChildProcess: ~Copyable {
  private let program: String
  /// Its process id.
  package let id: Int32
  private var input: Int32
  private let output: Int32
  private let errors: Int32
  private var ended = false

  /// Starts the program; the environment is what is given, and where coverage is to be written.
  package init(
    _ program: String, _ arguments: [[UInt8]], environment: [String: String] = [:],
    input: ChildStream = .caught, output: ChildStream = .caught, errors: ChildStream = .caught
  ) throws(ChildError) {
    let ends = [input, output, errors].map(StreamEnds.init)
    defer { for end in ends where end.childs >= 0 { close(end.childs) } }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (index, end) in ends.enumerated() {
      let descriptor = Int32(index)
      if end.childs >= 0 {
        unsafe posix_spawn_file_actions_adddup2(&actions, end.childs, descriptor)
      } else {
        unsafe posix_spawn_file_actions_addclose(&actions, descriptor)
      }
    }

    let words = [Array(program.utf8)] + arguments
    // A child that is measured would else leave its figures in the directory it was started in.
    let coverage = "LLVM_PROFILE_FILE"
    let inherited = unsafe getenv(coverage).map { unsafe [coverage: String(cString: $0)] } ?? [:]
    let variables = environment.merging(inherited) { given, _ in given }
      .map { Array("\($0)=\($1)".utf8) }
    var id: Int32 = 0
    let failed = unsafe withCStrings(words) { words in
      unsafe withCStrings(variables) { variables in
        unsafe posix_spawn(&id, program, &actions, nil, words, variables)
      }
    }
    guard failed == 0 else {
      for end in ends where end.ours >= 0 { close(end.ours) }
      throw .notStarted(program: program, errno: failed)
    }
    self.program = program
    self.id = id
    (self.input, self.output, self.errors) = (ends[0].ours, ends[1].ours, ends[2].ours)
  }

  deinit {
    for descriptor in [input, output, errors] where descriptor >= 0 { close(descriptor) }
    if !ended {
      kill(id, SIGKILL)
      waitpid(id, nil, 0)
    }
  }

  /// Sends a signal.
  package func signal(_ signal: Int32) {
    kill(id, signal)
  }

  /// Gives the child its input, catches what it says, and waits for its end.
  package consuming func wait(
    giving bytes: [UInt8] = [], secondsMax: Int = 60
  ) throws(ChildError) -> EndedChild {
    let deadline = now() + secondsMax * 1_000
    var caught: [Int32: [UInt8]] = [:]
    var open = [output, errors].filter { $0 >= 0 }
    var rest = bytes[...]
    if rest.isEmpty { endInput() }
    while !open.isEmpty || input >= 0 {
      var events = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      if input >= 0 { events.append(pollfd(fd: input, events: Int16(POLLOUT), revents: 0)) }
      let ready = unsafe poll(&events, nfds_t(events.count), Int32(max(0, deadline - now())))
      if ready == 0 { throw .overdue(program: program) }
      for event in events where event.revents != 0 {
        if event.fd == input {
          rest = write(rest)
          if rest.isEmpty { endInput() }
        } else if !read(event.fd, into: &caught[event.fd, default: []]) {
          open.removeAll { $0 == event.fd }
        }
      }
    }
    let ending = try end(before: deadline)
    return EndedChild(
      ending: ending, output: caught[output] ?? [], errors: caught[errors] ?? [])
  }

  private mutating func endInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  /// Writes what the child takes now; a child that reads no more gets no more.
  private func write(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
    let count = unsafe bytes.withUnsafeBytes {
      unsafe send(input, $0.baseAddress, $0.count, flags)
    }
    return count > 0 ? bytes.dropFirst(count) : []
  }

  /// False at the end of the stream; a terminal ends with an error.
  private func read(_ descriptor: Int32, into bytes: inout [UInt8]) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
    }
    if count > 0 { bytes += buffer[..<count] }
    return count > 0
  }

  private mutating func end(before deadline: Int) throws(ChildError) -> ChildEnding {
    var status: Int32 = 0
    while unsafe waitpid(id, &status, WNOHANG) == 0 {
      // The streams are at their end, so the child is about to be: a millisecond is no sleep to
      // wait for a condition, it is the kernel's turn.
      if now() > deadline { throw .overdue(program: program) }
      poll(nil, 0, 1)
    }
    ended = true
    let signal = status & 0x7F
    return signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal)
  }

  /// Milliseconds on a clock that never goes back.
  private func now() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
  }
}

/// The path of an executable that was built beside the running tests.
package func builtProduct(_ name: String) -> String {
  var buffer = [CChar](repeating: 0, count: 4_096)
  let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
  precondition(count > 0, "/proc says which file runs")
  let path = buffer[..<count].map { UInt8(bitPattern: $0) }
  let directory = path[...(path.lastIndex(of: UInt8(ascii: "/")) ?? 0)]
  return String(decoding: directory, as: UTF8.self) + name
}

/// Whether the machine has the program, for tests that need a tool it may lack.
package func isExecutable(_ path: String) -> Bool {
  unsafe access(path, X_OK) == 0
}

/// Both ends of a stream; -1 where there is none.
private struct StreamEnds {
  let ours: Int32
  let childs: Int32

  init(_ stream: ChildStream) {
    switch stream {
    case .closed:
      (ours, childs) = (-1, -1)
    case .file(let path):
      (ours, childs) = (-1, unsafe open(path, O_RDWR | O_CLOEXEC))
      precondition(childs >= 0, "\(path) is there")
    case .caught, .leftByReader:
      var pair: [Int32] = [-1, -1]
      let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
      let failed = unsafe socketpair(AF_UNIX, type, 0, &pair)
      precondition(failed == 0, "the kernel gave no socket pair")
      if case .leftByReader = stream {
        close(pair[0])
        pair[0] = -1
      }
      (ours, childs) = (pair[0], pair[1])
    }
  }
}

/// Lends the byte strings as a list that ends with a null pointer.
private func withCStrings<Result>(
  _ strings: [[UInt8]], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let pointers: [UnsafeMutablePointer<CChar>?] = unsafe strings.map { bytes in
    let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
    for (index, byte) in bytes.enumerated() { unsafe pointer[index] = CChar(bitPattern: byte) }
    unsafe pointer[bytes.count] = 0
    return unsafe pointer
  }
  defer { for index in unsafe pointers.indices { unsafe pointers[index]?.deallocate() } }
  return unsafe body(pointers + [nil])
}
