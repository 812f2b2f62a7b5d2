// Completions for zsh, as a function for its `fpath` that can be sourced as well. The value behind
// `=` is completed after the part before it is set aside.

extension Command {
  var zshCompletions: String {
    let places = completionPlaces
    let paths = places.dropFirst().map { "\"\($0.path)\"" }.joined(separator: " | \\\n        ")
    return """
      #compdef \(name)
      # Completions of \(name) for zsh; made by '\(name) completions zsh'.
      _\(name)() {
          local word="${words[CURRENT]}" before="${words[CURRENT - 1]}"
          local place="\(name)" joined="" index
          local -a offers
          for ((index = 2; index < CURRENT; index++)); do
              case "$place ${words[index]}" in
              (\(paths))
                  place="$place ${words[index]}" ;;
              esac
          done
          if [[ $word == --*=* ]]; then
              before="${word%%=*}" joined=1
              compset -P '*='
          fi
          case "$place $before $joined" in
      \((places.flatMap { $0.valueCases(opening: "(", offer: offer) } + ["    (*) ;;"]).joined(separator: "\n"))
          esac
          case "$place" in
      \(places.flatMap(placeCases).joined(separator: "\n"))
          esac
      }
      if [[ $funcstack[1] == _\(name) ]]; then _\(name) "$@"; else compdef _\(name) \(name); fi

      """
  }

  /// What is offered otherwise: flags after a dash, else commands or arguments.
  private func placeCases(_ place: CompletionPlace) -> [String] {
    let flags = place.flags.flatMap { flag in flag.titles.map { ($0, flag.summary) } }
    let words = place.commands.isEmpty ? offer(place.argument) : describe(place.commands)
    guard words != nil || !flags.isEmpty else { return [] }
    return [
      "    (\"\(place.path)\")",
      "        if [[ $word == -* ]]; then",
      "            \(flags.isEmpty ? ":" : describe(flags, as: "-o flag"))",
      "        else",
      "            \(words ?? ":")",
      "        fi ;;",
    ]
  }

  private func offer(_ completion: Completion) -> String? {
    switch completion {
    case .nothing, .commands: nil
    case .file: "_files"
    case .directory: "_files -/"
    case .words(let words): "compadd -- " + words.joined(separator: " ")
    }
  }

  /// Offers words with their sentences.
  private func describe(
    _ words: [(name: String, summary: String)], as tag: String = "command"
  ) -> String {
    let described = words.map { word, summary in
      quoted(escaped(word, "\\:") + ":" + escaped(summary, "\\"))
    }
    return "offers=(\(described.joined(separator: " "))); _describe \(tag) offers"
  }
}

/// The text with a backslash before each of the characters.
private func escaped(_ text: String, _ characters: String) -> String {
  text.map { characters.contains($0) ? "\\\($0)" : String($0) }.joined()
}

/// The text in single quotes.
private func quoted(_ text: String) -> String {
  "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
    + "'"
}
