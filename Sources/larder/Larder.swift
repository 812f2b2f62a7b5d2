// The tree of commands, and one run of the executable: understand the words, do what they ask, say
// in one sentence what went wrong, and answer with an exit code. Each command is declared in a file
// of its own under Commands/ and listed here once, in the order of the help.

import Ambient
import Flags

/// What a command does: reads what was given, writes to the output, and says how it ended.
struct Action: Sendable {
  let run: @Sendable (Invocation, inout Output) throws(Failure) -> ExitCode

  init(_ run: @escaping @Sendable (Invocation, inout Output) throws(Failure) -> ExitCode) {
    self.run = run
  }
}

/// The version of the product, in its one place.
let version = "0.1.0"

private let versionFlag = Flag("version", "Print the version.")

/// Every command of the executable.
let larder: Command<Action> = Command(
  "larder",
  "Keep a depot's working set on fast disk, the rest in cold storage, and a journal of it all.",
  takes: [versionFlag],
  commands: [
    demoCommand, runCommand, evictCommand, rehydrateCommand, pinCommand, unpinCommand,
    verifyCommand, shredCommand, uploadsCommand, jobsCommand, drainCommand, statusCommand,
    digestCommand,
    eventsCommand, manifestCommand, receiptCommand, backendCommand, configCommand, metricsCommand,
    simulateCommand, benchCommand,
    consoleCommand, themeCommand,
    helpCommand, completionsCommand, manualCommand,
  ],
  action: Action(answerAlone))

/// Runs the command line that the process was started with.
func runLarder() -> ExitCode {
  ThisProcess.prepareStreams()
  var output = Output(.live(.output), errors: .live(.error))
  do throws(Failure) {
    let code = try execute(Array(ThisProcess.arguments.dropFirst()), &output)
    try output.flush()
    return code
  } catch {
    return output.end(with: error)
  }
}

/// What `larder` does without a command.
private func answerAlone(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  if invocation[versionFlag] {
    try output.print("larder \(version)")
  } else {
    try output.write(larder.help(for: invocation.path, output.helpLayout))
  }
  return .done
}

private func execute(_ words: [[UInt8]], _ output: inout Output) throws(Failure) -> ExitCode {
  let parsing: Parsing<Action>
  do throws(UsageError) {
    parsing = try larder.parse(words)
  } catch {
    throw .ended(.misused, "\(error)")
  }
  switch parsing {
  case .help(let path):
    try output.write(larder.help(for: path, output.helpLayout))
    return .done
  case .run(let action, let invocation):
    return try action.run(invocation, &output)
  }
}
