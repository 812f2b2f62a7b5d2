// A surface as text that a person reads: for tests that keep screens, and for pictures of screens
// that no terminal shows.

extension Surface {
  /// Each row as text, without the spaces at its end.
  package var lines: [String] {
    (0..<size.rows).map { index in
      let text = row(index).map(\.text).joined()
      return String(text.reversed().drop { $0 == " " }.reversed())
    }
  }

  /// Each row as runs of one style, `role` or `role/ground` with its attributes and its columns:
  /// `0-4 title+bold, 10-14 state.dirty/cursor`. Runs in the plain style are left out.
  package var styleLines: [String] {
    (0..<size.rows).map { index in
      var runs: [(start: Int, style: Style)] = []
      let row = Array(row(index))
      for column in row.indices where column == 0 || row[column].style != row[column - 1].style {
        runs.append((column, row[column].style))
      }
      return runs.enumerated().compactMap { number, run in
        guard run.style != Style() else { return nil }
        let end = number + 1 < runs.count ? runs[number + 1].start : size.columns
        return "\(run.start)-\(end - 1) \(run.style)"
      }.joined(separator: ", ")
    }
  }
}
