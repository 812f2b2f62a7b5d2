// The checker that comes with Prometheus, run on a text.

import Glibc
import Testing

extension Trait where Self == ConditionTrait {
  /// Runs only where Debian's package `prometheus` is installed.
  static var needsPromtool: Self {
    .enabled(
      if: promtoolPath != nil, "promtool is not installed: apt-get install prometheus")
  }
}

/// What the checker answered.
struct Promtool: Equatable {
  var status: Int32
  var output: String
}

private let promtoolPath = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
  (path: String) in unsafe access(path, X_OK) == 0
}

/// Runs `promtool check metrics` on the text.
func promtool(checking text: String) throws -> Promtool {
  let path = try #require(promtoolPath)
  var (input, output): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
  #expect(unsafe pipe(&input) == 0)
  #expect(unsafe pipe(&output) == 0)
  // A process that another test starts meanwhile must not keep the ends open.
  for end in input + output { #expect(fcntl(end, F_SETFD, FD_CLOEXEC) == 0) }
  var actions = unsafe posix_spawn_file_actions_t()
  unsafe posix_spawn_file_actions_init(&actions)
  defer { unsafe posix_spawn_file_actions_destroy(&actions) }
  unsafe posix_spawn_file_actions_adddup2(&actions, input[0], 0)
  unsafe posix_spawn_file_actions_adddup2(&actions, output[1], 1)
  unsafe posix_spawn_file_actions_adddup2(&actions, output[1], 2)

  let arguments = unsafe [strdup(path), strdup("check"), strdup("metrics")]
  defer { for index in 0..<3 { unsafe free(arguments[index]) } }
  var child: pid_t = 0
  let failed = unsafe posix_spawn(&child, path, &actions, nil, arguments + [nil], environ)
  #expect(failed == 0)
  close(input[0])
  close(output[1])
  // The text is smaller than a pipe holds, so nobody waits for the other.
  let bytes = Array(text.utf8)
  #expect(bytes.count < 65_536)
  #expect(unsafe write(input[1], bytes, bytes.count) == bytes.count)
  close(input[1])
  var said: [UInt8] = []
  var part = [UInt8](repeating: 0, count: 4_096)
  while true {
    let count = unsafe read(output[0], &part, part.count)
    guard count > 0 else { break }
    said.append(contentsOf: part[..<count])
  }
  close(output[0])
  var status: Int32 = 0
  #expect(unsafe waitpid(child, &status, 0) == child)
  return Promtool(status: status, output: String(decoding: said, as: UTF8.self))
}
