// What the kernel says that the threads of a process took: time on a processor, to the nanosecond, and
// how often they were woken; and what memory of the process is its own.
//
// proc(5): /proc/PID/task/TID/schedstat, comm and status, /proc/PID/status.

import Ambient
import Bytes
import DurableFiles

/// What some threads of a process have taken since they began.
struct ProcessFigures {
  private static let bytesMax = 1 << 16

  var processorNanoseconds: Int64 = 0
  var wakes: Int64 = 0

  /// The threads of which `isCounted` says so, given a thread's name and whether it is the first.
  init(
    of process: Int32, _ isCounted: (_ name: String, _ isFirst: Bool) -> Bool
  ) throws(BenchFailure) {
    let tasks = "/proc/\(process)/task"
    let names: [String]
    do throws(DiskError) {
      names = try PosixDisk(root: tasks).list(.root).map {
        String(decoding: $0.name, as: UTF8.self)
      }
    } catch {
      throw BenchFailure("the threads of process \(process) cannot be read: \(error)")
    }
    for name in names {
      // A thread may end between the list and the look.
      guard let comm = Self.text("\(tasks)/\(name)/comm"),
        let times = Self.text("\(tasks)/\(name)/schedstat"),
        let status = Self.text("\(tasks)/\(name)/status")
      else { continue }
      let called = String(comm.prefix { $0 != "\n" })
      guard isCounted(called, name == "\(process)") else { continue }
      processorNanoseconds += times.split(separator: " ").first.flatMap { Int64($0) } ?? 0
      wakes += Self.number("voluntary_ctxt_switches:", in: status) ?? 0
    }
  }

  /// The bytes of memory that belong to no file; nil when the process is gone.
  static func ownMemory(of process: Int32) -> Int64? {
    text("/proc/\(process)/status").flatMap { number("RssAnon:", in: $0) }.map { $0 << 10 }
  }

  /// The number behind a name at the beginning of a line.
  private static func number(_ name: String, in text: String) -> Int64? {
    text.split(separator: "\n").first { $0.hasPrefix(name) }
      .flatMap { $0.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first }
      .flatMap { Int64($0) }
  }

  private static func text(_ path: String) -> String? {
    do throws(DiskError) {
      var file = try UserFile(path)
      return String(decoding: try file.readAll(bytesMax: bytesMax), as: UTF8.self)
    } catch {
      // Gone meanwhile, or not ours to see.
      return nil
    }
  }
}
