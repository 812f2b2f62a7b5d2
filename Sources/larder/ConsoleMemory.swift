// What the console knows again the next time: which commands were given, what was looked for, how the
// lists stood. It is ours, not the person's, and lies in $XDG_STATE_HOME/larder/console.json, replaced
// whole when a console ends. Where it cannot be read or kept the console begins as if it were new.

import Ambient
import Bytes
import DurableFiles

/// The file in which a console keeps what it knew.
struct ConsoleMemory: Sendable {
  /// More than this is not ours.
  private static let bytesMax = 1 << 20
  private static let name = "console.json"

  /// The directory that is ours below the person's; nil when the person has none.
  let directory: [UInt8]?

  init() {
    if let given = ThisProcess.variable("XDG_STATE_HOME"), !given.isEmpty {
      directory = given + Array("/larder".utf8)
    } else {
      directory = ThisProcess.variable("HOME").flatMap { home in
        home.isEmpty ? nil : home + Array("/.local/state/larder".utf8)
      }
    }
  }

  /// What was kept the last time; null when nothing was.
  func read() -> JSONValue {
    guard let directory else { return .null }
    do throws(DiskError) {
      var file = try UserFile(bytes: directory + Array("/\(Self.name)".utf8))
      let bytes = try file.readAll(bytesMax: Self.bytesMax)
      do throws(BytesError) {
        return try JSONValue(parsing: bytes)
      } catch {
        // Whatever it is, it is not what we wrote, and is replaced at the end.
        return .null
      }
    } catch {
      // Nothing was kept yet, or it cannot be read; both begin anew.
      return .null
    }
  }

  /// Keeps what is worth knowing, in place of what was kept.
  func keep(_ memory: JSONValue) {
    write(Array(memory.text().utf8), to: Self.name)
  }

  /// Writes a file of ours, for its owner alone; where it is, nil when it could not be written.
  @discardableResult
  func write(_ bytes: [UInt8], to name: String) -> [UInt8]? {
    guard let directory else { return nil }
    do throws(DiskError) {
      let root = try PosixDisk(root: "/")
      let place = try FilePath(bytes: Array(directory.drop { $0 == UInt8(ascii: "/") }))
      try root.makeDirectories(place, mode: 0o700)
      try AtomicReplace.write(
        bytes, to: place.appending(name), mode: 0o600, replacing: true, on: root, entropy: .live)
      return directory + Array("/\(name)".utf8)
    } catch {
      // A home that cannot be written is no reason to disturb anybody who is leaving.
      return nil
    }
  }
}
