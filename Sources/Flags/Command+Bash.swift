// Completions for bash, of itself alone: no library of functions is needed. Bash breaks words at `=`
// as well, so a value behind one is a word whose flag stands two words before.

extension Command {
  var bashCompletions: String {
    let places = completionPlaces
    let paths = places.dropFirst().map { "\"\($0.path)\"" }.joined(separator: " | \\\n        ")
    return """
      # Completions of \(name) for bash; made by '\(name) completions bash'.
      _\(name)_offer() {
          mapfile -t COMPREPLY < <(compgen "$@" -- "$word")
      }
      _\(name)() {
          local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD - 1]}"
          local place="\(name)" joined="" index
          if [[ $word == "=" ]]; then
              word="" joined=1
          elif [[ $before == "=" ]]; then
              before="${COMP_WORDS[COMP_CWORD - 2]}" joined=1
          fi
          for ((index = 1; index < COMP_CWORD; index++)); do
              case "$place ${COMP_WORDS[index]}" in
              \(paths))
                  place="$place ${COMP_WORDS[index]}" ;;
              esac
          done
          COMPREPLY=()
          case "$place $before $joined" in
      \((places.flatMap { $0.valueCases(opening: "", offer: offer) } + ["    *) ;;"]).joined(separator: "\n"))
          esac
          case "$place" in
      \(places.flatMap(placeCases).joined(separator: "\n"))
          esac
      }
      complete -F _\(name) \(name)

      """
  }

  /// What is offered otherwise: flags after a dash, else commands or arguments.
  private func placeCases(_ place: CompletionPlace) -> [String] {
    let names = place.commands.map(\.name)
    let words = names.isEmpty ? offer(place.argument) : offer(.words(names))
    let flags = place.flags.flatMap(\.titles)
    guard words != nil || !flags.isEmpty else { return [] }
    return [
      "    \"\(place.path)\")",
      "        if [[ $word == -* ]]; then",
      "            \(offer(.words(flags)) ?? ":")",
      "        else",
      "            \(words ?? ":")",
      "        fi ;;",
    ]
  }

  private func offer(_ completion: Completion) -> String? {
    switch completion {
    case .nothing, .commands: nil
    case .file: "compopt -o filenames; _\(name)_offer -f"
    case .directory: "compopt -o filenames; _\(name)_offer -d"
    case .words(let words): "_\(name)_offer -W \"\(words.joined(separator: " "))\""
    }
  }
}

extension ParameterDeclaration {
  /// A flag's name, and its letter, as they are typed.
  var titles: [String] {
    [title] + (short.map { ["-\($0)"] } ?? [])
  }
}
