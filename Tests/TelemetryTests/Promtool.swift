// The checker that comes with Prometheus, run on a text.

import Ambient
import Testing

extension Trait where Self == ConditionTrait {
  /// Runs only where Debian's package `prometheus` is installed.
  static var needsPromtool: Self {
    .enabled("promtool is not installed: apt-get install prometheus") {
      do throws(SubprocessError) {
        return try Subprocess.run("promtool", ["--version"], timeout: .seconds(30)).exitCode == 0
      } catch .notStarted {
        return false
      }
    }
  }
}

/// What `promtool check metrics` says of the text.
func promtool(checking text: String) throws -> Subprocess {
  // The checker reads its standard input; the shell makes one of an argument.
  try Subprocess.run(
    "sh", ["-c", "printf %s \"$0\" | promtool check metrics", text], timeout: .seconds(30))
}
