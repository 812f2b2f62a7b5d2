// Which file of the depot a path from outside means. The shim sends paths relative to the depot; an
// older one, or a program that speaks the protocol itself, sends them as the server knows them.
// Nothing that is not plainly a name below the depot is looked up, and the engine's own directory is
// not there for anybody.

import Bytes
package import DurableFiles

/// The depot as paths from outside name it.
package struct DepotRoot: Sendable {
  /// The engine's own directory in the depot.
  package static let stateDirectory = ".p4cache"

  /// The absolute paths of the depot, without a slash at the end.
  private let spellings: [[UInt8]]

  /// A depot that is known by these absolute paths: as it is configured and, where that leads over
  /// links, where it is.
  package init(spellings: [[UInt8]]) {
    precondition(
      spellings.allSatisfy { $0.first == UInt8(ascii: "/") }, "a depot's path is absolute")
    self.spellings = spellings.map { spelling in
      let end = spelling.lastIndex { $0 != UInt8(ascii: "/") }
      return end.map { Array(spelling[...$0]) } ?? []
    }
  }

  /// The path in the depot; throws `malformed` when it is none, and `denied` when it leads out of
  /// the depot or into the engine's own directory.
  package func path(_ requested: [UInt8]) throws(ShimRefusal) -> FilePath {
    let relative = try relative(requested)
    let path: FilePath
    do throws(DiskError) {
      path = try FilePath(bytes: relative)
    } catch {
      throw ShimRefusal(
        .malformed, "a path has no empty, `.` or `..` component, no NUL, and no name over 255 bytes"
      )
    }
    guard let first = path.components.first else {
      throw ShimRefusal(.malformed, "a path names something below the depot")
    }
    guard !first.elementsEqual(Self.stateDirectory.utf8) else {
      throw ShimRefusal(.denied, "\(Self.stateDirectory) is not served")
    }
    return path
  }

  private func relative(_ requested: [UInt8]) throws(ShimRefusal) -> [UInt8] {
    guard requested.first == UInt8(ascii: "/") else { return requested }
    for spelling in spellings where requested.starts(with: spelling) {
      let rest = requested[spelling.count...]
      if rest.first == UInt8(ascii: "/") { return Array(rest.dropFirst()) }
    }
    throw ShimRefusal(.denied, "the path is not below the depot")
  }
}
