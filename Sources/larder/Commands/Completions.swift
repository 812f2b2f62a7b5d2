// `larder completions bash|zsh|fish [--output FILE]`: a script for the shell, made from the tree of commands.

import Flags

private let shell = Argument<Shell>(.choice(placeholder: "SHELL"), "The shell to write for.")

/// Prints completions for a shell.
let completionsCommand: Command<Action> = Command(
  "completions", "Print completions for a shell.",
  details: """
    The script teaches a shell to complete commands, flags and their values. It is made from the same \
    declarations as the help, so it knows every command of this version.
    """,
  examples: [
    .init("source <(larder completions bash)", "Complete in this shell."),
    .init(
      "larder completions fish --output ~/.config/fish/completions/larder.fish",
      "Complete in every fish of this user."),
  ],
  takes: [generatedFileFlag, shell], action: Action(printCompletions))

private func printCompletions(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  try deliver(larder.completions(for: invocation[shell]), invocation, &output)
  return .done
}
