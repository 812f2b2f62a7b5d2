// Pictures of screens that are kept in a file, each below its name: the text, and below that the role
// of every cell. With LARDER_PICTURES=DIR in the environment, every picture that is compared is left
// in that directory too; put one after the other they are the file for what has changed on purpose.

import Ambient
import DurableFiles
import Terminal
import Testing

/// The pictures of one file.
struct KeptPictures: Sendable {
  private var texts: [String: String] = [:]

  init(_ bytes: [UInt8]) {
    var name: String?
    let lines = String(decoding: bytes, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
    for line in lines.dropLast() {
      if line.hasPrefix("=== ") {
        name = String(line.dropFirst(4))
      } else if let name {
        texts[name, default: ""] += line + "\n"
      }
    }
  }

  /// Compares a surface with the picture that is kept under the name.
  func check(_ name: String, _ surface: Surface) throws {
    let text = (surface.lines + ["--"] + surface.styleLines).joined(separator: "\n") + "\n"
    try Self.leave(name, text)
    let wanted = (texts[name] ?? "").split(separator: "\n", omittingEmptySubsequences: false)
    let now = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (row, line) in now.enumerated() where row >= wanted.count || wanted[row] != line {
      Issue.record("\(name), line \(row + 1) is now:\n\(line)")
      return
    }
    #expect(wanted.count == now.count, "\(name) has lines that are gone")
  }

  private static func leave(_ name: String, _ text: String) throws {
    guard let directory = ThisProcess.variable("LARDER_PICTURES") else { return }
    try OpenFile(
      FilePath.root.appending(name), .creating(mode: 0o644), on: PosixDisk(root: directory)
    ).write(Array("=== \(name)\n\(text)".utf8), at: 0)
  }
}
