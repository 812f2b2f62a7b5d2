// What the engine refuses or suffers, named by what happened to which file. Whoever asks over a
// socket is told one of a few codes; the sentence is for the log and the person on call.

internal import Bytes
public import ColdStorage
public import DurableFiles

/// A refusal or failure of the engine.
public enum EngineError: Error, Equatable, Sendable {
  /// Neither the depot nor cold storage has the file.
  case notFound(FilePath)
  /// The key of its stored copy was destroyed.
  case shredded(FilePath)
  /// What is stored is not what was recorded; nothing of it was served.
  case integrity(FilePath, String)
  case backend(FilePath, StorageError)
  /// The depot's disk has no room for the file, even after evicting what could be.
  case diskFull(FilePath)
  /// The path is not one of the depot's files.
  case denied(FilePath, String)
  /// There is more to do than is taken on at once; ask again.
  case busy(String)
  /// The engine is ending.
  case stopping
  /// Another engine has the depot.
  case held(process: Int32)
  /// Something came between the judgement and the act; look again and decide anew.
  case changed(FilePath)
  case disk(DiskError)
  /// The events cannot be written, so nothing that needs one is done; the rest says why.
  case journal(String)
  /// What is true of the files cannot be told; the rest says why.
  case manifest(String)
}

extension EngineError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notFound(let path): "\(path) is neither in the depot nor in cold storage"
    case .shredded(let path): "\(path) was shredded and cannot be read again"
    case .integrity(let path, let detail):
      "\(path) was not restored, for its stored copy is not what was stored: \(detail)"
    case .backend(let path, let error): "\(path) was not restored: \(error)"
    case .diskFull(let path):
      "no space is left in the depot for \(path); free some, or lower 'max_cache_bytes'"
    case .denied(let path, let why): "\(path) is refused: \(why)"
    case .busy(let what): "\(what); ask again"
    case .stopping: "the engine is stopping"
    case .held(let process):
      process > 0
        ? "another engine, process \(process), has this depot" : "another engine has this depot"
    case .changed(let path): "\(path) has changed meanwhile; look again and decide anew"
    case .disk(let error): "\(error)"
    case .journal(let why): "the event store takes no events: \(why)"
    case .manifest(let why): "\(why)"
    }
  }
}
