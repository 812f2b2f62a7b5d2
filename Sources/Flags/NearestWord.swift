// The word that was probably meant. Distance counts a letter left out, put in, changed, or swapped
// with its neighbour (Damerau and Levenshtein, each place edited once); a word is near when a third
// of it would have to change at most.

/// The known word that `word` is most likely a slip of; nil when none is near.
package func nearest(to word: String, among known: [String]) -> String? {
  let letters = Array(word.lowercased().unicodeScalars.prefix(lettersMax))
  var best: (word: String, distance: Int)?
  for candidate in known {
    let target = Array(candidate.lowercased().unicodeScalars.prefix(lettersMax))
    // A word that was cut short is as good a guess as one letter off.
    let isBeginning = letters.count >= 3 && target.starts(with: letters)
    let distance = isBeginning ? 1 : distance(letters, target)
    let allowed = max(1, min(letters.count, target.count) / 3)
    if distance <= allowed, distance < best?.distance ?? .max {
      best = (candidate, distance)
    }
  }
  return best?.word
}

/// Longer words are compared by their beginnings, so that the work is bounded.
private let lettersMax = 64

private func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
  // Three rows of the table: the one being filled and the two above it.
  var beforeLast: [Int] = []
  var last = Array(0...right.count)
  for i in 0..<left.count {
    var row = [i + 1]
    for j in 0..<right.count {
      let changed = last[j] + (left[i] == right[j] ? 0 : 1)
      var least = min(changed, last[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
        least = min(least, beforeLast[j - 1] + 1)
      }
      row.append(least)
    }
    beforeLast = last
    last = row
  }
  return last[right.count]
}
