// The disks that keep the contract: each is made fresh for a test, over nothing.

import DiskSimulation
import Glibc
import ScratchFiles
import Testing

@testable import DurableFiles

/// A kind of disk.
enum DiskKind: CaseIterable, CustomTestStringConvertible {
  case posix
  /// The same kernel without its newer calls.
  case olderPosix
  case simulated

  var testDescription: String { "\(self)" }
}

/// A fresh disk of a kind, and what a test may do to it that no disk does.
final class DiskUnderTest {
  private enum Ground {
    case posix(Scratch, KernelGaps)
    case simulated(SimulatedDisk)
  }

  let disk: any Disk
  private let ground: Ground

  init(_ kind: DiskKind) throws(DiskError) {
    switch kind {
    case .posix: ground = .posix(try Scratch(), [])
    case .olderPosix: ground = .posix(try Scratch(), [.openBeneath, .renameNew, .copyInKernel])
    case .simulated: ground = .simulated(SimulatedDisk(seed: 1, threads: .many))
    }
    disk = try Self.open(ground, readOnly: false)
  }

  private static func open(_ ground: Ground, readOnly: Bool) throws(DiskError) -> any Disk {
    switch ground {
    case .posix(let scratch, let gaps):
      try PosixDisk(root: Array(scratch.path.utf8), readOnly: readOnly, lacking: gaps)
    case .simulated(let first): first.startProcess(readOnly: readOnly)
    }
  }

  /// The same files as another process would open them.
  func other(readOnly: Bool = false) throws(DiskError) -> any Disk {
    try Self.open(ground, readOnly: readOnly)
  }

  /// The process by which locks of `disk` are told to others.
  var holder: Int32 { (disk as? SimulatedDisk)?.process ?? getpid() }

  /// Makes a symbolic link, which no disk makes.
  func plantLink(_ name: String, to target: String) throws(DiskError) {
    switch ground {
    case .posix(let scratch, _): scratch.plantLink(name, to: target)
    case .simulated(let disk): try disk.plant(.symbolicLink, at: FilePath(name))
    }
  }

  /// Makes something that is neither file nor directory nor link.
  func plantPipe(_ name: String) throws(DiskError) {
    switch ground {
    case .posix(let scratch, _): scratch.plantPipe(name)
    case .simulated(let disk): try disk.plant(.other, at: FilePath(name))
    }
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
