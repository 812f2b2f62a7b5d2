// How a command fails: with an exit code and one sentence for the person who gave it.

import Flags

/// The reason why a command did not do what was asked.
enum Failure: Error, Equatable {
  /// It ended with this code; the sentence says what is wrong and what to do, without a full stop.
  case ended(ExitCode, String)
  /// Whoever read the output has left, as `head` does; nothing is wrong, and nobody is listening.
  case readerLeft
}
