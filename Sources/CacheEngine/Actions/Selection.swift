// Which files an operation is about, as its input says it: by their paths, a pattern, a directory, a
// filter, or all of them. Paths are in the spelling that makes any name showable (`escaped`), and so
// are those in answers.

internal import Bytes
internal import DurableFiles
internal import Manifest
internal import Operations
internal import Views

/// Which files an operation is about.
enum Selection: Sendable {
  /// The most paths that are named one by one.
  static let pathsMax = 10_000
  private static let textBytesMax = 4_096
  /// Every byte of a path may need four characters.
  private static let pathBytesMax = 4 * 4_095

  case paths([FilePath])
  /// All that pass, of those whose path begins so.
  case passing(Filter, prefix: [UInt8])

  /// The field of an operation's input.
  static let field = SchemaField(
    "selection",
    .object([
      SchemaField(
        "paths", .list(.text(bytesMax: pathBytesMax), countMax: pathsMax), required: false,
        "These files."),
      SchemaField(
        "glob", .text(bytesMax: textBytesMax), required: false,
        "Files whose whole path fits, as art/**/*.psd does."),
      SchemaField(
        "directory", .text(bytesMax: pathBytesMax), required: false,
        "All files below this directory."),
      SchemaField(
        "filter", .text(bytesMax: textBytesMax), required: false,
        "Files that pass, as with 'copy:hot read>30d'."),
      SchemaField("all", .flag, required: false, "All files of the depot, if true."),
    ]), "Which files; exactly one of its members.")

  /// Reads the member `selection` of an input.
  init(_ input: JSONValue) throws(OperationFault) {
    guard case .object(let selection)? = input["selection"], selection.count == 1,
      let member = selection.members.first
    else {
      throw .invalid(
        "a selection has exactly one of 'paths', 'glob', 'directory', 'filter' and 'all'")
    }
    switch (member.key, member.value) {
    case ("paths", .array(let texts)):
      var paths: [FilePath] = []
      for text in texts { paths.append(try Self.path(text)) }
      self = .paths(paths)
    case ("glob", .string(let text)):
      guard let filter = Filter(glob: Array(text.utf8), in: FileRow.pathField) else {
        throw .invalid("the pattern '\(escaped(text))' has a set that does not end")
      }
      self = .passing(filter, prefix: [])
    case ("directory", let text):
      let bytes = try Self.path(text).bytes
      self = .passing(try Self.filter(""), prefix: bytes.isEmpty ? [] : bytes + [UInt8(ascii: "/")])
    case ("filter", .string(let text)): self = .passing(try Self.filter(text), prefix: [])
    case ("all", .bool(true)): self = .passing(try Self.filter(""), prefix: [])
    default: throw .invalid("a selection of all files is written as {\"all\": true}")
    }
  }

  private static func filter(_ text: String) throws(OperationFault) -> Filter {
    do throws(FilterError) {
      return try Filter(parsing: text, FileRow.vocabulary)
    } catch {
      throw .invalid(
        "the filter is wrong at character \(error.position + 1): \(error.description)")
    }
  }

  /// The path that a text spells.
  static func path(_ text: JSONValue?) throws(OperationFault) -> FilePath {
    guard let text = text?.string, let bytes = unescaped(text) else {
      throw .invalid("a path has a backslash that is not written as \\\\ or \\xNN")
    }
    do throws(DiskError) {
      return try FilePath(bytes: bytes)
    } catch {
      throw .invalid("'\(escaped(text))' is no path below the depot: \(error)")
    }
  }
}
