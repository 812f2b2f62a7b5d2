// One writer at a time, in all processes of all machines that see the directory.

internal import DurableFiles

enum WriterLock {
  /// Takes the lock until the file is closed; throws `.locked` with the holder's process.
  static func take(on disk: any Disk) throws(StoreError) -> OpenFile {
    do throws(DiskError) {
      if try disk.status(at: StoreNames.lock) == nil {
        do throws(DiskError) {
          _ = try OpenFile(StoreNames.lock, .creating(mode: 0o600), on: disk)
        } catch .exists {
          // Another process made it in between, which is as good.
        }
      }
      let file = try OpenFile(StoreNames.lock, .writing, on: disk)
      try file.lock()
      return file
    } catch {
      throw StoreError(error)
    }
  }
}
