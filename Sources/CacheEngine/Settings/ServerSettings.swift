// Who may ask the engine for files, whose writes count, and what operators may do. What an operator's
// grants mean is decided where operations are; here they are a part of the file like any other.

package import Bytes
package import Flags

/// Who is served, and whose writes count.
public struct ServerSettings: Equatable, Sendable {
  /// Users who may ask for files; when empty, the depot's owner and the engine's own user.
  public var shimUsers: [UInt32]
  /// Users whose writes count; when empty, everyone's.
  public var watcherUsers: [UInt32]
  /// The permission bits of the sockets.
  public var socketMode: UInt16
}

extension ServerSettings {
  package enum Declared {
    private static let restart = SettingOptions(needsRestart: true)

    static let shimUsers = Setting(
      "shim_allowed_uids", list: .userID,
      "Users who may ask for files over the socket; when empty, the depot's owner and the user "
        + "that the engine runs as.")
    static let watcherUsers = Setting(
      "watcher_allowed_uids", list: .userID,
      "Users whose writes count; what others write is counted and not stored. When empty, "
        + "everyone's do.")
    static let socketMode = Setting(
      "socket_mode", .permissions, default: 0o660, "The permission bits of the sockets.", restart)
    /// Who may do what, for the room of operations to read.
    package static let operators: Setting<JSONNode?> = Setting(
      "operators", default: nil,
      wanted: "an object of lists, such as {\"uid:1000\": [\"cache.write\"]}",
      example: ["uid:1000": ["cache.write"], "group:oncall": ["*"]],
      "What operators may do, by user and group; when left out, the depot's owner may do all."
    ) { node in
      guard case .object = node.content else { return nil }
      return node
    }
  }

  package static let declared = Settings(
    Declared.shimUsers, Declared.watcherUsers, Declared.socketMode, Declared.operators)

  init(_ configuration: Configuration) {
    shimUsers = configuration[Declared.shimUsers]
    watcherUsers = configuration[Declared.watcherUsers]
    socketMode = configuration[Declared.socketMode]
  }
}

extension Spelling where Value == UInt32 {
  /// A user by number; the last number is the kernel's word for nobody.
  fileprivate static var userID: Spelling {
    Spelling(
      placeholder: "UID", wanted: "a user's number from 0 to \(UInt32.max - 1)", form: .number,
      read: { bytes in
        UInt32(String(decoding: bytes, as: UTF8.self)).flatMap { $0 == .max ? nil : $0 }
      },
      write: \.description)
  }
}

extension Spelling where Value == UInt16 {
  /// Permission bits in octal, as chmod(1) takes them.
  fileprivate static var permissions: Spelling {
    Spelling(
      placeholder: "MODE", wanted: "permission bits in octal from \"0000\" to \"0777\"",
      read: { bytes in
        guard (3...4).contains(bytes.count), bytes.count == 3 || bytes[0] == UInt8(ascii: "0")
        else { return nil }
        return UInt16(String(decoding: bytes, as: UTF8.self), radix: 8)
      },
      write: { mode in
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: 4 - digits.utf8.count) + digits
      })
  }
}
