// A program with a screen, for tests of how a terminal is given back.
//
//   q ends   z stops   m mouse   e speaks on standard error   f fatalError   s bad memory   a abort

import Ambient
import Glibc
import Terminal

/// What the screen says.
func surface(_ size: GridSize, _ words: String) -> Surface {
  var surface = Surface(size)
  surface.draw("stage \(getpid()) \(size)", row: 0, column: 0, Style(.title), in: surface.region)
  surface.draw("[\(words)]", row: 1, column: 0, Style(), in: surface.region)
  return surface
}

func act(on key: Key, _ terminal: inout LiveTerminal) -> String? {
  switch key.description {
  case "q": return nil
  case "C-z":
    terminal.suspend()
    return "resumed"
  case "m":
    terminal.useMouse(true)
    return "mouse"
  case "e":
    _ = unsafe write(2, "careless words\n", 15)
    return "spoken"
  case "f": fatalError("a trap on purpose")
  case "s": return "\(unsafe UnsafePointer<Int>(bitPattern: 8)!.pointee)"
  case "a": abort()
  default: return key.description
  }
}

nonisolated func perform() -> Int32 {
  ThisProcess.prepareStreams()
  let options = TerminalOptions(environment: .live, theme: Theme("stage", [:]), clock: .live)
  var terminal: LiveTerminal
  do throws(TerminalError) {
    terminal = try LiveTerminal(options)
  } catch {
    _ = try? StandardStream.output.write(Array("plain: \(error)\n".utf8))
    return 3
  }
  defer { terminal.close() }
  var words = "ready"
  while true {
    _ = terminal.show(surface(terminal.size, words), .key)
    for event in terminal.next(until: nil) {
      switch event {
      case .key(let key):
        guard let said = act(on: key, &terminal) else { return 0 }
        words = said
      case .resized(let size): words = "now \(size)"
      case .resumed: words = "resumed"
      case .paste(let paste): words = "pasted \(paste.bytes.count)"
      case .ended(.closed): return 5
      case .ended(let ending):
        terminal.close()
        _ = try? StandardStream.output.write(Array("ended: \(ending)\n".utf8))
        return 4
      default: break
      }
    }
  }
}

exit(perform())
