// What a filter may ask of the files of a depot.

internal import Ambient
internal import DurableFiles
package import Views

extension FileRow {
  /// The fields of a list of files.
  package static let vocabulary = FileView.vocabulary

  /// The number of the field of paths, by which lists are ordered.
  package static let pathField = 0

  /// What the row has in a field of the vocabulary.
  package func value(of field: Int) -> FilterValue {
    switch field {
    case Self.pathField: .text(path.bytes)
    case 1: .words(stateWords)
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

  /// Every word that a filter may call the state.
  private var stateWords: [String] {
    state == .clean ? [state.description, isHot ? "hot" : "cold"] : [state.description]
  }
}
