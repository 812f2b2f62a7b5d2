// A theme's file while a console uses it: looked at once a second, and read again when it is another. One
// that cannot be used is told with its line and leaves the one before in force.

import Ambient
import Bytes
import Console
import DurableFiles
import Synchronization
import Terminal

/// Watches the file of a theme.
final class ThemeWatch: Sendable {
  /// How often the file is looked at.
  static let interval = Duration.seconds(1)

  private let path: [UInt8]
  private let news = Mutex<LooksNews?>(nil)
  private let end = Cancellation()

  /// Begins to look; `wake` is called from another thread when there is news.
  init(_ path: [UInt8], wake: @escaping @Sendable () -> Void) {
    self.path = path
    Worker("theme") { self.look(wake) }.detach()
  }

  /// What came since the last time this was asked.
  var taken: LooksNews? {
    news.withLock { news in
      defer { news = nil }
      return news
    }
  }

  /// Looks no more.
  func stop() { end.cancel() }

  private func look(_ wake: @Sendable () -> Void) {
    var before = stamp
    while !end.wait(timeout: Self.interval) {
      let now = stamp
      // A file that is being written anew is gone for a moment.
      guard now != before, now != nil else { continue }
      before = now
      let read = read()
      news.withLock { $0 = read }
      wake()
    }
  }

  private var stamp: [Int64]? {
    do throws(DiskError) {
      let status = try UserFile(bytes: path).status
      return [
        Int64(truncatingIfNeeded: status.inode), Int64(truncatingIfNeeded: status.size),
        status.modifiedNanoseconds,
      ]
    } catch {
      // It may be on its way; the next look sees it.
      return nil
    }
  }

  private func read() -> LooksNews {
    do throws(Failure) {
      let document = try readLookDocument(path, bytesMax: ThemeFile.bytesMax)
      do throws(FileFaults) {
        return .theme(try ThemeFile(parsing: document).theme)
      } catch {
        let fault = error.faults.first.map { "\($0)" } ?? "it is no theme"
        return .fault("\(escaped(path)): \(fault); the theme stays as it was")
      }
    } catch {
      return .fault("\(escaped(path)) cannot be read; the theme stays as it was")
    }
  }
}
