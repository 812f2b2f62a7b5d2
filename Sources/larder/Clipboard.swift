// Where copied text goes when the terminal does not take it: into the buffer of tmux, which by its own
// settings ignores what programs send to the clipboard, and else into a file of the person's.

import Ambient
import Bytes
import Console

/// The places for copied text besides the terminal's own clipboard.
struct Clipboard: Sendable {
  private static let name = "clipboard"
  /// How long tmux may take.
  private static let patience = Duration.seconds(2)
  /// What a command line may carry.
  private static let wordBytesMax = 100_000

  /// Whose directory takes the file; nil for none.
  private let memory: ConsoleMemory?
  private let isInTmux: Bool

  init(_ memory: ConsoleMemory?) {
    self.memory = memory
    isInTmux = ThisProcess.variable("TMUX").map { !$0.isEmpty } ?? false
  }

  /// Puts text somewhere; where it is, or nil when the terminal has it and nothing else is to be said.
  func take(_ text: [UInt8], isTaken: Bool) -> Notice? {
    if isInTmux, giveToTmux(text) { return .good("copied; it is in tmux's buffer too") }
    if isTaken { return nil }
    guard let file = memory?.write(text, to: Self.name) else {
      return .refused("this terminal has no clipboard, and there is no file for it")
    }
    return .good("this terminal has no clipboard; the text is in \(escaped(file))")
  }

  private func giveToTmux(_ text: [UInt8]) -> Bool {
    guard text.count <= Self.wordBytesMax, let words = String(validating: text, as: UTF8.self)
    else { return false }
    do throws(SubprocessError) {
      return try Subprocess.run("tmux", ["set-buffer", "--", words], timeout: Self.patience)
        .exitCode == 0
    } catch {
      // Then it is as if there were no tmux.
      return false
    }
  }
}
