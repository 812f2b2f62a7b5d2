// A file that a command makes from what comes: written beside its name, and given the name when all
// of it is there and right. Until then nobody sees any of it, and a failure leaves nothing.

import Ambient
import Bytes
import ColdStorage
import DurableFiles
import Flags

/// The target of a download.
struct NewFile {
  private let path: [UInt8]
  /// What takes the bytes.
  let sink: ReplacingSink

  /// Makes the temporary file in the directory of the path.
  init(_ path: [UInt8]) throws(Failure) {
    self.path = path
    do throws(DiskError) {
      let place = try UserPlace(path)
      sink = ReplacingSink(
        try AtomicReplace(place.name, mode: 0o644, on: place.directory, entropy: .live))
    } catch {
      throw Self.failure(path, error)
    }
  }

  /// Gives the file its name.
  func commit(replacing: Bool) throws(Failure) {
    do throws(DiskError) {
      try sink.commit(replacing: replacing)
    } catch .exists {
      throw .ended(
        .failed, "'\(escaped(path))' exists already; give --replace to replace it")
    } catch {
      throw Self.failure(path, error)
    }
  }

  private static func failure(_ path: [UInt8], _ error: DiskError) -> Failure {
    .ended(.failed, "'\(escaped(path))' was not written: \(error)")
  }
}
