// `larder help [COMMAND…]`: the same text as `larder COMMAND --help`.

import Flags

private let words = Argument(
  repeated: .command, counts: 0...8, "The command, with the words that lead to it.")

/// Tells about a command.
let helpCommand: Command<Action> = Command(
  "help", "Tell about a command.", takes: [words], action: Action(help))

private func help(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let path: [String]
  do throws(UsageError) {
    path = try larder.path(to: invocation[words])
  } catch {
    throw .ended(.misused, "\(error)")
  }
  try output.write(larder.help(for: path, output.helpLayout))
  return .done
}
