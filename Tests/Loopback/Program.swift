// A program that a test starts, and ends with itself.

import Glibc

/// A running program.
package struct Program: Sendable {
  private let process: pid_t

  /// Starts a program found on the path, its output and errors into a file, or to where this
  /// process's errors go; nil when there is none of that name.
  package init?(
    _ words: [String], output: String = "/dev/null", environment: [String: String] = [:]
  ) {
    var actions = unsafe posix_spawn_file_actions_t()
    _ = unsafe posix_spawn_file_actions_init(&actions)
    defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
    _ = unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    if output == "/dev/stderr" {
      // Opening that name would truncate a file that the errors go to.
      _ = unsafe posix_spawn_file_actions_adddup2(&actions, 2, 1)
    } else {
      _ = unsafe posix_spawn_file_actions_addopen(
        &actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      _ = unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
    }
    var process = pid_t()
    let spelled = unsafe words.map { unsafe strdup($0) } + [nil]
    let variables = unsafe Self.variables(with: environment).map { unsafe strdup($0) } + [nil]
    let failed = unsafe posix_spawnp(&process, words[0], &actions, nil, spelled, variables)
    for index in unsafe spelled.indices { unsafe free(spelled[index]) }
    for index in unsafe variables.indices { unsafe free(variables[index]) }
    if failed != 0 { return nil }
    self.process = process
  }

  /// Ends it at once and waits until it is gone; a child has our mask of signals, and may not hear
  /// of a kinder one.
  package func stop() {
    _ = kill(process, SIGKILL)
    _ = waitForEnd()
  }

  /// Waits until it ends by itself, and says with which code.
  package func waitForEnd() -> Int32 {
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }

  private static func variables(with more: [String: String]) -> [String] {
    var variables: [String] = []
    var next = unsafe environ
    while let variable = unsafe next.pointee {
      let text = unsafe String(cString: variable)
      let name = String(text.prefix { $0 != "=" })
      if more[name] == nil { variables.append(text) }
      unsafe next = next.advanced(by: 1)
    }
    return variables + more.map { "\($0.key)=\($0.value)" }
  }
}

/// A port of the loopback that is free at this moment.
package func freePort() -> Int {
  let server = LoopbackServer { _ in Answer(200) }
  server.stop()
  return server.port
}

/// Waits until something listens at the port.
package func waitForListener(at port: Int, secondsMax: Int = 10) -> Bool {
  for _ in 0..<secondsMax * 100 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { _ = close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = UInt16(port).bigEndian
    let refused = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if refused == 0 { return true }
    _ = poll(nil, 0, 10)
  }
  return false
}
