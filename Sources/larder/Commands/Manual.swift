// `larder man [--output FILE]`: the man page, made from the tree of commands.

import Flags

/// Prints the man page.
let manualCommand: Command<Action> = Command(
  "man", "Print the man page.",
  examples: [
    .init("larder man | man -l -", "Read it."),
    .init("larder man --output /usr/local/share/man/man1/larder.1", "Install it."),
  ],
  takes: [generatedFileFlag], action: Action(printManual))

private let manual = Manual(
  version: version,
  variables: [
    ("NO_COLOR", "When set and not empty, nothing stands out by colour or weight."),
    ("TERM", "When unset or 'dumb', output is as it would be in a pipe."),
  ])

private func printManual(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  try deliver(larder.manual(manual), invocation, &output)
  return .done
}
