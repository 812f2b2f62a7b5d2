// Keys as a person wants them, in JSON5:
//
//   {
//     preset: "vi",                       // default, vi, htop or k9s
//     keys: {
//       "cache.evict": ["E", "x e"],      // these, and no others
//       "quit": [],                       // none
//     },
//   }
//
// What is wrong is told with its line and leaves the rest in force. Two commands that want the same
// keys are both named, and the one that has them by the file keeps them.

internal import Bytes

/// The person's own keys.
package struct KeysFile: Sendable {
  /// The most bytes of such a file.
  package static let bytesMax = 262_144

  package let keymap: Keymap
  package let faults: [FileFault]

  /// Reads keys for a table of commands.
  package init(parsing document: [UInt8], _ table: CommandTable) {
    var reader = KeysReader(table)
    do throws(BytesError) {
      reader.read(try JSONNode(parsing: document, as: .json5, depthMax: 8))
    } catch {
      reader.faults.append(FileFault(error.position, "\(error)"))
    }
    reader.settle()
    keymap = reader.keymap
    faults = reader.faults
  }
}

private struct KeysReader {
  let table: CommandTable
  var keymap: Keymap
  var faults: [FileFault] = []
  /// Where the file speaks of a command.
  private var lines: [CommandName: TextPosition] = [:]

  init(_ table: CommandTable) {
    self.table = table
    keymap = Keymap(table)
  }

  mutating func read(_ root: JSONNode) {
    guard case .object(let members) = root.content else {
      return blame(root.position, "a file of keys is an object, and this is \(root.kind)")
    }
    for member in members where member.key != "preset" && member.key != "keys" {
      blame(member.position, "a file of keys has 'preset' and 'keys', not '\(escaped(member.key))'")
    }
    if let node = root["preset"]?.value { readPreset(node) }
    if let node = root["keys"]?.value { readKeys(node) }
  }

  private mutating func blame(_ position: TextPosition, _ sentence: String) {
    faults.append(FileFault(position, sentence))
  }

  private mutating func readPreset(_ node: JSONNode) {
    guard case .string(let word) = node.content, let preset = KeyPreset(rawValue: word) else {
      let names = KeyPreset.allCases.map(\.rawValue).joined(separator: ", ")
      return blame(node.position, "there are the presets \(names)")
    }
    preset.apply(to: &keymap, table)
  }

  private mutating func readKeys(_ node: JSONNode) {
    guard case .object(let members) = node.content else {
      return blame(node.position, "'keys' is an object of commands and lists of keys")
    }
    for member in members {
      let name = CommandName(member.key)
      guard table[name] != nil else {
        blame(member.position, "there is no command '\(escaped(member.key))'")
        continue
      }
      guard case .array(let nodes) = member.value.content else {
        blame(member.value.position, "the keys of '\(name)' are a list, empty for none")
        continue
      }
      keymap.bind(name, to: nodes.compactMap { sequence($0) })
      lines[name] = member.position
    }
  }

  private mutating func sequence(_ node: JSONNode) -> KeySequence? {
    guard case .string(let text) = node.content, let sequence = KeySequence(parsing: text) else {
      blame(node.position, "\(node.value.text()) names no keys; write \"E\", \"C-l\" or \"a e\"")
      return nil
    }
    return sequence
  }

  /// Reports who wants the same keys, and lets the file's word stand over what was there.
  mutating func settle() {
    for (one, other) in keymap.conflicts(table) {
      let (loser, winner) =
        lines[one.command] == nil && lines[other.command] != nil ? (one, other) : (other, one)
      guard let line = lines[winner.command] ?? lines[loser.command] else { continue }
      keymap.remove(loser)
      faults.append(
        FileFault(
          line,
          "'\(winner.command)' and '\(loser.command)' both want \(winner.sequence.shown); "
            + "'\(winner.command)' has it"))
    }
    keymap.settle(table)
  }
}
