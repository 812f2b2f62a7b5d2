// Which files a command is about: paths as arguments, or one of the flags that select them otherwise.

import Bytes
import DurableFiles
import Flags

/// The words by which a command selects files.
enum FileSelection {
  static let paths = Argument(repeated: .path("PATH"), "Files, below the depot.")
  static let glob = Flag(
    "glob", optional: .text("PATTERN"),
    "Files whose whole path fits: '*' within a name, '**' over directories, '?', '[a-z]'.")
  static let directory = Flag("directory", optional: .directory(), "All files below a directory.")
  static let filter = Flag(
    "filter", optional: .text("FILTER"), "Files that pass, as in 'copy:hot read>30d'.")
  static let all = Flag("all", "All files of the depot.")

  /// What an operation is asked, by the words of an invocation.
  static func json(_ invocation: Invocation) throws(Failure) -> JSONValue {
    var ways: [JSONValue] = []
    if !invocation[paths].isEmpty {
      ways.append(["paths": .array(invocation[paths].map { .string(escaped($0)) })])
    }
    if let text = invocation[glob] { ways.append(["glob": .string(text)]) }
    if let path = invocation[directory] {
      // A shell completes directories with a slash behind them.
      let end = path.lastIndex { $0 != UInt8(ascii: "/") }.map { $0 + 1 } ?? 0
      ways.append(["directory": .string(escaped(Array(path[..<end])))])
    }
    if let text = invocation[filter] { ways.append(["filter": .string(text)]) }
    if invocation[all] { ways.append(["all": true]) }
    guard ways.count == 1, let selection = ways.first else {
      throw .ended(
        .misused,
        ways.isEmpty
          ? "say which files: name them, or give --glob, --directory, --filter or --all"
          : "select files in one way alone: paths, --glob, --directory, --filter or --all")
    }
    return selection
  }
}
