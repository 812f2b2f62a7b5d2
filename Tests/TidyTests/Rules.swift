// Every wall, and who may pass it. A room that gets a C library, or the right to an unsafe word,
// is added here and nowhere else.

/// Which rooms may import which C module.
private let doorways: [String: Set<String>] = [
  "CLinux": ["Ambient", "Sockets", "DurableFiles"],
  "Glibc": ["Ambient", "Sockets", "DurableFiles"],
  "CBlake3": ["Digests"],
  "COpenSSL": ["Digests"],
  "CSodium": ["Digests"],
  "CSQLite": ["SQLite"],
  "CRocksDB": ["RocksDB"],
  "CCurl": ["HTTP"],
  "CPostgres": ["Postgres"],
  "CTerminal": ["Terminal"],
]

/// The rooms that touch C and may therefore say `unsafe`.
private let cRooms: Set<String> = [
  "Ambient", "Sockets", "DurableFiles", "Digests", "SQLite", "RocksDB", "HTTP",
  "Postgres", "Terminal",
]

/// Calls on the file system, by the names Glibc gives them.
private let fileSystemCalls: Set<Substring> = [
  "open", "openat", "creat", "fopen", "unlink", "unlinkat", "rename", "renameat", "mkdir", "rmdir",
  "opendir", "readdir", "truncate", "ftruncate", "fsync", "fdatasync", "stat", "lstat", "fstat",
  "link", "symlink", "chmod", "chown", "mmap", "pread", "pwrite",
]

/// The walls, in the order of the style guide.
let rules: [Rule] = [
  Rule(name: "a file begins with a head that says what lives in it") { file in
    let head = file.lines.prefix { $0.hasPrefix("//") }
    let isHead =
      head.first?.hasPrefix("// ") == true && head.first?.hasPrefix("// swift-tools") == false
    return isHead
      ? [] : [Violation(path: file.path, line: 1, sentence: "begin with a head in `// `")]
  },
  .eachLine("C modules stay behind their rooms", "this room may not import this C module") {
    code, file in
    guard let module = imported(code), let allowed = doorways[module] else { return false }
    return file.isSource && !allowed.contains(file.room)
  },
  .eachLine("nobody imports Foundation", "use the rooms below instead of Foundation") { code, _ in
    imported(code)?.hasPrefix("Foundation") == true
  },
  .eachLine("unsafe words stay in C rooms", "only a C room may say this") { code, file in
    file.isSource && !cRooms.contains(file.room)
      && words(code).contains {
        $0 == "unsafe" || $0.hasPrefix("Unsafe") || $0 == "unchecked"
          || $0 == "withoutActuallyEscaping"
      }
  },
  .explained("an unchecked Sendable says in a sentence why it is true", "say above why this is so")
  {
    $0.contains("@unchecked Sendable")
  },
  .eachLine("only the executable prints", "return text; `larder` prints it") { code, file in
    file.isSource && file.room != "larder"
      && !Set(freeCalls(code)).isDisjoint(with: ["print", "debugPrint", "dump", "puts", "putchar"])
  },
  .eachLine("nothing sleeps", "wait for a condition, or take a `Pause`") { code, _ in
    !Set(freeCalls(code)).isDisjoint(with: ["sleep", "usleep", "nanosleep"])
      || code.contains("Task.sleep")
  },
  .eachLine(
    "nothing is checked in debug builds alone",
    "use precondition, or throw: a release build keeps it"
  ) { code, _ in
    !Set(freeCalls(code)).isDisjoint(with: ["assert", "assertionFailure"])
  },
  .explained("no error is swallowed without a reason", "say above why it may be dropped") {
    (" " + $0).contains(" try?")
  },
  .eachLine("the file system is touched in DurableFiles alone", "go through a `Disk`") {
    code, file in
    file.isSource && ["Ambient", "Sockets"].contains(file.room)
      && !Set(freeCalls(code)).isDisjoint(with: fileSystemCalls)
  },
  Rule(name: "nothing is left to do") { file in
    file.path.hasPrefix("Tests/TidyTests/")
      ? []
      : file.lines.enumerated().compactMap { index, line in
        ["TODO", "FIXME", "XXX", "HACK"].contains { words(String(line)).contains(Substring($0)) }
          ? Violation(path: file.path, line: index + 1, sentence: "finish it, or leave it out")
          : nil
      }
  },
  Rule(name: "a file stays readable in one sitting") { file in
    let count = file.lines.count
    return count <= 800
      ? [] : [Violation(path: file.path, line: count, sentence: "split it: more than 800 lines")]
  },
]

private func imported(_ code: String) -> String? {
  let parts = words(code)
  guard let at = parts.firstIndex(of: "import"), at + 1 < parts.count,
    parts[..<at].allSatisfy({
      ["public", "package", "internal", "private", "fileprivate", "testable"].contains($0)
    })
  else { return nil }
  return String(parts[at + 1])
}
