// What a filter may ask of the files of a depot.

internal import Ambient
internal import DurableFiles
package import Views

extension FileRow {
  /// The fields of a list of files.
  package static let vocabulary = FilterVocabulary(
    [
      FilterField("path", .text, "where the file is; art/** is all that is below art"),
      FilterField(
        "state", .words(FileState.allCases.map(\.description)),
        "dirty, failed, clean or shredded"),
      FilterField("copy", .words(["hot", "cold"]), "whether there is a copy in the depot"),
      FilterField("pinned", .words(["yes", "no"]), "whether it is never evicted"),
      FilterField("size", .size, "bytes of the newest copy"),
      FilterField("age", .age, "how long it has been in its state"),
      FilterField("read", .age, "how long ago it was read or written"),
      FilterField("seen", .age, "how long ago it was first known"),
      FilterField("attempts", .number, "uploads that failed since it was written"),
      FilterField("backend", .text, "the name of the store that holds its copy"),
      FilterField("fault", .text, "what the last attempt or check said"),
    ], searched: "path")

  /// The number of the field of paths, by which lists are ordered.
  package static let pathField = 0

  /// What the row has in a field of the vocabulary.
  package func value(of field: Int) -> FilterValue {
    switch field {
    case Self.pathField: .text(path.bytes)
    case 1: .words([state.description])
    case 2: .words([isHot ? "hot" : "cold"])
    case 3: .words([isPinned ? "yes" : "no"])
    case 4: .number(size)
    case 5: .time(changed)
    case 6: .time(accessed)
    case 7: .time(created)
    case 8: .number(UInt64(attempts))
    case 9: stored.map { .text(Array($0.backend.utf8)) } ?? .missing
    case 10: lastFault.map { .text(Array($0.utf8)) } ?? .missing
    default: preconditionFailure("a list of files has no field \(field)")
    }
  }
}
