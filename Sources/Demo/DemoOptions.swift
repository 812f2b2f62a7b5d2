// What a demo is asked for, with the bounds of it.

package import Ambient
package import Views

/// How a sandbox is to be.
package struct DemoOptions: Sendable {
  /// How many files the workload keeps.
  package var files: Int
  package var seed: UInt64
  /// What is staged once the files are there.
  package var fault: Fault?
  /// Whether single calls on the cold store fail now and then.
  package var hasMishaps = true
  /// The directory that the sandbox is made in.
  package var place: String
  package var log: LogSink
  /// At most so many lines of the log after the one of this number, for whoever shows them.
  package var lines: @Sendable (_ after: UInt64, _ max: Int) -> [LogLineView] = { _, _ in [] }

  /// The bounds of `files`.
  package static let filesRange = 20...1_000_000
  package static let filesUsual = 600

  package init(
    files: Int = filesUsual, seed: UInt64, fault: Fault? = nil, place: String, log: LogSink = .none
  ) {
    precondition(Self.filesRange.contains(files), "a workload has a bounded number of files")
    self.files = files
    self.seed = seed
    self.fault = fault
    self.place = place
    self.log = log
  }

  /// Where eviction begins: well below what the files have, so that it never rests for long.
  var cacheBytesMax: ByteCount { ByteCount(Int64(files * Edition.usualBytes / 5 * 2)) }
}
