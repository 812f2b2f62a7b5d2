// Completions for fish: one line for each thing that may be offered, each under the condition that
// the words typed so far lead to its place.

extension Command {
  var fishCompletions: String {
    let places = completionPlaces
    let paths = places.dropFirst().map { "'\($0.path)'" }.joined(separator: " \\\n                ")
    return """
      # Completions of \(name) for fish; made by '\(name) completions fish'.
      function __\(name)_at
          set -l place \(name)
          set -l words (commandline -opc)
          set -e words[1]
          for word in $words
              switch "$place $word"
                  case \(paths)
                      set place "$place $word"
              end
          end
          test "$place" = "$argv"
      end
      complete -c \(name) -f
      \(places.flatMap(lines).joined(separator: "\n"))

      """
  }

  private func lines(of place: CompletionPlace) -> [String] {
    let start = "complete -c \(name) -n '__\(name)_at \(place.path)'"
    let commands = place.commands.map { "\(start) -a \($0.name) -d \(quoted($0.summary))" }
    let flags = place.flags.map { flag in
      let letter = flag.short.map { " -s \($0)" } ?? ""
      return "\(start) -l \(flag.name)\(letter)\(value(of: flag)) -d \(quoted(flag.summary))"
    }
    let arguments =
      switch place.argument {
      case .nothing, .commands: [String]()
      case .file: ["\(start) -F"]
      case .directory: ["\(start) -a '(__fish_complete_directories)'"]
      case .words(let words): ["\(start) -a \(quoted(words.joined(separator: " ")))"]
      }
    return commands + flags + arguments
  }

  private func value(of flag: ParameterDeclaration) -> String {
    let offer =
      switch flag.completion {
      case .nothing, .commands: ""
      case .file: " -F"
      case .directory: " -a '(__fish_complete_directories)'"
      case .words(let words): " -a " + quoted(words.joined(separator: " "))
      }
    return switch flag.valueNeed {
    case .none: ""
    case .optional: offer
    case .required: flag.completion == .file ? " -r" + offer : " -x" + offer
    }
  }

  private func quoted(_ text: String) -> String {
    let escaped = text.map { "\\'".contains($0) ? "\\\($0)" : String($0) }.joined()
    return "'\(escaped)'"
  }
}
