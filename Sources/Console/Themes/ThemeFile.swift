// Themes as people write them, in JSON5:
//
//   {
//     name: "nord",
//     inherits: "dark",               // a shipped theme, for what is not said here
//     glyphs: "unicode",              // or "ascii"
//     palette: { frost: "#88c0d0" },  // names for colours
//     accent: "red",                  // a name or a colour; the title and the banner wear it
//     gradient: ["frost", "#bf616a"], // from cool to hot
//     roles: {
//       "state.dirty": "yellow",      // a colour, for the text
//       "cursor": { on: "#3b4252", attributes: ["bold"] },
//     },
//   }
//
// A role is one of the console's or a prefix of them; the longest that has a part of a look wins. What
// is wrong is told with its line, all of it at once, and a file with anything wrong is no theme.

internal import Bytes
package import Terminal
internal import Widgets

/// What is wrong with a file that a person wrote, and where.
package struct FileFault: Error, Hashable, Sendable, CustomStringConvertible {
  package let line: Int
  package let sentence: String

  init(_ position: TextPosition, _ sentence: String) {
    line = position.line
    self.sentence = sentence
  }

  package var description: String { "line \(line): \(sentence)" }
}

/// All that is wrong with a file.
package struct FileFaults: Error, Hashable, Sendable {
  package let faults: [FileFault]
}

/// A theme that was read from a file.
package struct ThemeFile: Sendable {
  /// The most bytes of such a file.
  package static let bytesMax = 262_144

  package let theme: Theme
  /// The theme whose ground this one is for.
  package let base: String

  /// Reads a theme.
  package init(parsing document: [UInt8]) throws(FileFaults) {
    let root: JSONNode
    do throws(BytesError) {
      root = try JSONNode(parsing: document, as: .json5, depthMax: 8)
    } catch {
      throw FileFaults(faults: [FileFault(error.position, "\(error)")])
    }
    var reader = ThemeReader()
    (theme, base) = reader.theme(root)
    if !reader.faults.isEmpty { throw FileFaults(faults: reader.faults) }
  }
}

extension BytesError {
  /// Where it is wrong, as far as that is told by line.
  var position: TextPosition {
    if case .notJSON(let position, _) = self { return position }
    return TextPosition(line: 1, column: 1)
  }
}

/// Reads a theme and gathers what is wrong with it.
private struct ThemeReader {
  var faults: [FileFault] = []
  private var palette: [String: Colour] = [:]

  private static let keys: Set<String> = [
    "name", "inherits", "glyphs", "palette", "accent", "gradient", "roles",
  ]

  mutating func theme(_ root: JSONNode) -> (Theme, String) {
    guard case .object(let members) = root.content else {
      blame(root.position, "a theme is an object, and this is \(root.kind)")
      return (.dark, "dark")
    }
    for member in members where !Self.keys.contains(member.key) {
      blame(member.position, "a theme has no '\(escaped(member.key))'")
    }
    readPalette(root["palette"]?.value)
    let base = base(root["inherits"]?.value)
    var rules: [String: Look] = [:]
    if let accent = root["accent"]?.value, let colour = colour(accent) {
      rules["accent"] = Look(colour)
      rules["title"] = Look(colour, on: nil, .bold)
      rules["banner.accent"] = Look(colour, on: nil, .bold)
      rules["border.focus"] = Look(colour)
    }
    readGradient(root["gradient"]?.value, into: &rules)
    readRoles(root["roles"]?.value, into: &rules)
    let glyphs = glyphs(root["glyphs"]?.value) ?? base.glyphs
    let name = text(root["name"]?.value) ?? "custom"
    return (base.overlaid(with: rules, named: name, glyphs: glyphs), base.name)
  }

  private mutating func blame(_ position: TextPosition, _ sentence: String) {
    faults.append(FileFault(position, sentence))
  }

  private mutating func text(_ node: JSONNode?) -> String? {
    guard let node else { return nil }
    guard case .string(let text) = node.content else {
      blame(node.position, "this must be a string, and is \(node.kind)")
      return nil
    }
    return text
  }

  private mutating func base(_ node: JSONNode?) -> Theme {
    guard let node, let name = text(node) else { return .dark }
    guard let theme = Theme.shipped.first(where: { $0.name == name }) else {
      let names = Theme.shipped.map(\.name).joined(separator: ", ")
      blame(node.position, "no theme '\(escaped(name))' is shipped; there are \(names)")
      return .dark
    }
    return theme
  }

  private mutating func glyphs(_ node: JSONNode?) -> GlyphWish? {
    guard let node, let word = text(node) else { return nil }
    guard let wish = GlyphWish(rawValue: word) else {
      blame(node.position, "glyphs are 'unicode' or 'ascii', not '\(escaped(word))'")
      return nil
    }
    return wish
  }

  private mutating func readPalette(_ node: JSONNode?) {
    guard let node else { return }
    guard case .object(let members) = node.content else {
      return blame(node.position, "the palette is an object of names and colours")
    }
    for member in members { palette[member.key] = colour(member.value) }
  }

  private mutating func colour(_ node: JSONNode) -> Colour? {
    guard let word = text(node) else { return nil }
    if let colour = palette[word] ?? Colour(parsing: word) { return colour }
    blame(
      node.position, "'\(escaped(word))' is no colour of the palette, nor one as #rrggbb")
    return nil
  }

  private mutating func readGradient(_ node: JSONNode?, into rules: inout [String: Look]) {
    guard let node else { return }
    guard case .array(let stops) = node.content, stops.count >= 2 else {
      return blame(node.position, "a gradient is a list of two colours or more")
    }
    let colours = stops.compactMap { colour($0) }
    guard colours.count == stops.count else { return }
    rules.merge(Theme.gradient(colours)) { $1 }
  }

  private mutating func readRoles(_ node: JSONNode?, into rules: inout [String: Look]) {
    guard let node else { return }
    guard case .object(let members) = node.content else {
      return blame(node.position, "roles are an object of names and looks")
    }
    for member in members {
      guard Theme.names.contains(member.key) else {
        blame(member.position, "the console has no role '\(escaped(member.key))'")
        continue
      }
      if let look = look(member.value) { rules[member.key] = look }
    }
  }

  private mutating func look(_ node: JSONNode) -> Look? {
    guard case .object(let members) = node.content else { return colour(node).map { Look($0) } }
    var look = Look()
    for member in members {
      switch member.key {
      case "text": look.foreground = colour(member.value)
      case "on": look.background = colour(member.value)
      case "attributes": look.attributes = attributes(member.value)
      default:
        blame(
          member.position, "a look has 'text', 'on' and 'attributes', not '\(escaped(member.key))'")
      }
    }
    return look
  }

  private mutating func attributes(_ node: JSONNode) -> Attributes? {
    guard case .array(let nodes) = node.content else {
      blame(node.position, "attributes are a list of words")
      return nil
    }
    var attributes: Attributes = []
    for node in nodes {
      guard let word = text(node) else { continue }
      guard let found = Attributes.named.first(where: { $0.name == word }) else {
        let names = Attributes.named.map(\.name).joined(separator: ", ")
        blame(node.position, "'\(escaped(word))' is no attribute; there are \(names)")
        continue
      }
      attributes.insert(found.attribute)
    }
    return attributes
  }
}

extension Theme {
  /// This theme with other looks where the rules say so, part by part.
  fileprivate func overlaid(
    with rules: [String: Look], named name: String, glyphs: GlyphWish
  ) -> Theme {
    let over = Theme(name, rules)
    var merged: [String: Look] = [:]
    for role in Role.allCases {
      let (below, above) = (look(role), over.look(role))
      merged[role.name] = Look(
        above.foreground ?? below.foreground, on: above.background ?? below.background,
        above.attributes ?? below.attributes)
    }
    return Theme(name, merged, glyphs: glyphs)
  }
}
