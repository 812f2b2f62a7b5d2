// Why a demo could not be had: the place, the engine or its socket refused.

package import CacheEngine
package import ColdStorage
package import DurableFiles
package import Sockets

/// A refusal on the way to a demo.
package enum DemoError: Error, Equatable, Sendable {
  /// The directory cannot be made, used or removed.
  case place(String, DiskError)
  /// Nothing would remove the directory if the process were killed.
  case unguarded(String)
  case store(StorageError)
  case engine(EngineError)
  case socket(SocketsError)
  /// The gate of the engine's operations does not open; the rest says why.
  case gate(String)
  /// Two parts claim one metric; the rest says which.
  case metrics(String)
}

extension DemoError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .place(let path, let error):
      "the sandbox \(path) cannot be used: \(error); set TMPDIR to a directory that can be written"
    case .unguarded(let why):
      "nothing would clear the sandbox up if this process were killed: \(why)"
    case .store(let error): "the sandbox's cold store cannot be opened: \(error)"
    case .engine(let error): "the sandbox's engine cannot be opened: \(error)"
    case .socket(let error): "the sandbox's socket cannot be served: \(error)"
    case .gate(let why): "the sandbox's operations cannot be offered: \(why)"
    case .metrics(let why): "the sandbox's metrics cannot be registered: \(why)"
    }
  }
}
