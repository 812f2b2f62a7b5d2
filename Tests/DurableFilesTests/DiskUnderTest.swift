// The disks that keep the contract: each is made fresh for a test, over nothing.

import Glibc
import Testing

@testable import DurableFiles

/// A kind of disk.
enum DiskKind: CaseIterable, CustomTestStringConvertible {
  case posix
  /// The same kernel without its newer calls.
  case olderPosix

  var testDescription: String { "\(self)" }
}

/// A fresh disk of a kind, and what a test may do to it that no disk does.
final class DiskUnderTest {
  let disk: any Disk
  let kind: DiskKind
  private let scratch = Scratch()

  init(_ kind: DiskKind) throws(DiskError) {
    self.kind = kind
    disk = try Self.open(scratch, kind, readOnly: false)
  }

  private static func open(
    _ scratch: Scratch, _ kind: DiskKind, readOnly: Bool
  ) throws(DiskError) -> any Disk {
    let gaps: KernelGaps =
      switch kind {
      case .posix: []
      case .olderPosix: [.openBeneath, .renameNew, .copyInKernel]
      }
    return try PosixDisk(root: Array(scratch.path.utf8), readOnly: readOnly, lacking: gaps)
  }

  /// The same files as another process would open them.
  func other(readOnly: Bool = false) throws(DiskError) -> any Disk {
    try Self.open(scratch, kind, readOnly: readOnly)
  }

  /// The process by which locks of `disk` are told to others.
  var holder: Int32 { getpid() }

  /// Makes a symbolic link, which no disk makes.
  func plantLink(_ name: String, to target: String) {
    scratch.plantLink(name, to: target)
  }

  /// Makes something that is neither file nor directory nor link.
  func plantPipe(_ name: String) {
    scratch.plantPipe(name)
  }
}

/// The disks of one test, kept until it has ended.
final class Grounds {
  private var made: [DiskUnderTest] = []

  func make(_ kind: DiskKind) throws(DiskError) -> DiskUnderTest {
    let ground = try DiskUnderTest(kind)
    made.append(ground)
    return ground
  }
}
