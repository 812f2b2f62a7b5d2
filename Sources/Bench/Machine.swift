// What a figure was measured on. A fact that the machine does not tell is left out rather than
// guessed: a virtual machine, say, knows no frequency governor.

package import Ambient
package import Bytes
import DurableFiles

/// The machine, the build and the moment of a measurement.
package struct Machine: Equatable, Sendable {
  package let processor: String?
  package let processors: Int
  package let memory: ByteCount?
  package let kernel: String?
  package let governor: String?
  /// How many threads were running or waiting to, over the minute before.
  package let load: String?
  package let commit: String?
  /// Whether the build was optimised; figures of one that was not mean nothing.
  package let isRelease: Bool

  package init(
    processor: String?, processors: Int, memory: ByteCount?, kernel: String?, governor: String?,
    load: String?, commit: String?, isRelease: Bool
  ) {
    self.processor = processor
    self.processors = processors
    self.memory = memory
    self.kernel = kernel
    self.governor = governor
    self.load = load
    self.commit = commit
    self.isRelease = isRelease
  }
}

extension Machine {
  /// This machine, now.
  package static func current() -> Machine {
    Machine(
      processor: field("model name", of: "/proc/cpuinfo"), processors: ThisProcess.processors,
      memory: field("MemTotal", of: "/proc/meminfo").flatMap { ByteCount(parsing: $0) },
      kernel: line(of: "/proc/sys/kernel/osrelease").map { "Linux \($0)" },
      governor: line(of: "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
      load: line(of: "/proc/loadavg").map { String($0.prefix { $0 != " " }) },
      commit: commit(), isRelease: isOptimised)
  }

  private static var isOptimised: Bool {
    #if DEBUG
      false
    #else
      true
    #endif
  }

  /// The most that is read of a file in which the kernel describes the machine.
  private static let descriptionBytesMax = 1 << 20

  private static func text(of path: String) -> String? {
    do throws(DiskError) {
      var file = try UserFile(path)
      return String(decoding: try file.readAll(bytesMax: descriptionBytesMax), as: UTF8.self)
    } catch {
      // The kernel need not describe everything.
      return nil
    }
  }

  private static func line(of path: String) -> String? {
    text(of: path)?.split(separator: "\n").first.map { escaped(String($0)) }
  }

  /// What stands behind `name:` at its first line.
  private static func field(_ name: String, of path: String) -> String? {
    let line = text(of: path)?.split(separator: "\n").first { $0.hasPrefix(name) }
    guard let value = line?.split(separator: ":", maxSplits: 1).last else { return nil }
    return escaped(String(value.drop { $0 == " " || $0 == "\t" }))
  }

  /// What the kernel counts for this process under a name, in bytes; nil when it does not say.
  static func ownMemory(_ name: String) -> Int64? {
    field(name, of: "/proc/self/status").flatMap { ByteCount(parsing: $0) }?.bytes
  }

  /// The commit that the executable was built from, if it still lies in its checkout.
  private static func commit() -> String? {
    let script = """
      cd "$(dirname "$(readlink "/proc/$PPID/exe")")" && git describe --always --dirty --abbrev=12
      """
    do throws(SubprocessError) {
      let answer = try Subprocess.run("sh", ["-c", script], timeout: .seconds(10))
      return answer.exitCode == 0 ? answer.text.split(separator: "\n").first.map(String.init) : nil
    } catch {
      // No shell, no commit.
      return nil
    }
  }

  /// The machine in a line.
  package var sentence: String {
    let parts = [
      processor, "\(processors) processor\(processors == 1 ? "" : "s")",
      memory.map { "\($0) of memory" }, kernel, governor.map { "governor \($0)" },
      load.map { "load \($0)" }, commit.map { "commit \($0)" },
      isRelease ? "release build" : "DEBUG BUILD",
    ]
    return parts.compactMap { $0 }.joined(separator: ", ")
  }

  /// The machine as JSON; what is not known is null.
  package var json: JSONValue {
    [
      "processor": JSONValue(processor), "processors": JSONValue(processors),
      "memoryBytes": memory.map { JSONValue($0.bytes) } ?? .null, "kernel": JSONValue(kernel),
      "governor": JSONValue(governor), "load": JSONValue(load), "commit": JSONValue(commit),
      "release": .bool(isRelease),
    ]
  }
}
