// `larder events key rotate`: another key-encryption key for a store that seals. The new key's file is
// durable before the keyset is wrapped by it, and the keyset is durable before the old key's file is
// touched, so after a crash anywhere one of the two files opens the store and the command can be given
// again.

import Ambient
import Bytes
import DurableFiles
import EventStore
import Flags

private let newKeyFile = Flag(
  "new-key-file", required: .path("FILE"),
  "The new key is in this file, which is made when it is not there.")
private let destroyOld = Flag(
  "destroy-old", "Overwrite and remove the file of the old key when the new one is in force.")

/// Changes the key-encryption key of a store.
let eventsKeyRotateCommand: Command<Action> = Command(
  "rotate", "Wrap a store's keys by another key-encryption key.",
  details: """
    Nothing is shredded and no event is written anew: what was sealed is read with the new key from then \
    on, and with the old one no more. No writer may have the store open, and readers begin again with the \
    new key. Copies of the keyset in backups are still of the old key; --destroy-old makes them useless, \
    so make a new backup first. Given again after a crash, the command finishes what was left.
    """,
  examples: [
    .init(
      "larder events key rotate store --key-file old.key --new-key-file new.key",
      "Change the key, and keep the old one for backups."),
    .init(
      "larder events key rotate store --key-file old.key --new-key-file new.key --destroy-old",
      "Change it, and let nobody use the old one any more."),
  ],
  takes: [storeDirectory, newKeyFile, destroyOld] + keyFlags + [eventsJSON], action: Action(rotate))

private func rotate(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  guard let old = try keySource(invocation) else {
    throw .ended(.misused, "give the old key with --key-file, --key-env or --key-fd")
  }
  var oldFile: [UInt8]?
  if case .file(let path) = old { oldFile = path }
  if invocation[destroyOld], oldFile == nil {
    throw .ended(.misused, "--destroy-old removes a file, so give the old key with --key-file")
  }
  let path = invocation[newKeyFile]
  if oldFile == path { throw .ended(.misused, "the old and the new key are in the same file") }
  let disk = try storeDisk(invocation, readOnly: false)
  try makeNewKey(at: path, for: disk, opened: old)
  let rotation = try storing { () throws(StoreError) in
    try EventStore.rotateKey(on: disk, from: old, to: .file(path))
  }
  if invocation[destroyOld], let oldFile { try destroy(oldFile) }
  if invocation[eventsJSON] {
    try output.print(
      json: .object([
        "keys": JSONValue(rotation.keys), "rotated": .bool(rotation.isDone),
        "destroyed": .bool(invocation[destroyOld]),
      ]))
  } else {
    let was = rotation.isDone ? "are now" : "were already"
    try output.print("\(rotation.keys) keys \(was) wrapped by the key in \(escaped(path))")
  }
  return .done
}

/// Makes the new key unless it is there, but not for a store that the old one does not open: a file
/// with a key of nothing would be kept for ever.
private func makeNewKey(
  at path: [UInt8], for disk: PosixDisk, opened old: KeySource
) throws(Failure) {
  let isThere: Bool
  do throws(DiskError) {
    let (directory, name) = try place(of: path)
    isThere = try PosixDisk(root: directory).status(at: name) != nil
  } catch {
    throw .ended(.failed, "'\(escaped(path))' cannot be made: \(error)")
  }
  if isThere { return }
  let opens = try storing { () throws(StoreError) in
    try EventStore.isSealed(on: disk, by: old)
  }
  guard opens else { throw Failure(KeysetFault.otherKey) }
  try makeKeyFile(at: path, unlessThere: true)
  do throws(StoreError) {
    _ = try EventStore.isSealed(on: disk, by: .file(path))
  } catch {
    // Where no key may lie, nobody can have begun to use this one. In every other case somebody may.
    if case .keyset(.source) = error { try remove(path) }
    throw Failure(error)
  }
}

private func remove(_ path: [UInt8]) throws(Failure) {
  do throws(DiskError) {
    let (directory, name) = try place(of: path)
    try PosixDisk(root: directory).remove(name)
  } catch {
    throw .ended(.failed, "'\(escaped(path))' can be no key and was not removed: \(error)")
  }
}

/// Overwrites a key's file and removes it; one that is gone already is what was wanted.
private func destroy(_ path: [UInt8]) throws(Failure) {
  do throws(DiskError) {
    let (directory, name) = try place(of: path)
    let disk = try PosixDisk(root: directory)
    let file = try OpenFile(name, .writing, on: disk)
    try file.write([UInt8](repeating: 0, count: Int(try file.size)), at: 0)
    try file.sync(.all)
    try disk.remove(name)
    try disk.syncDirectory(.root)
  } catch .absent {
    return
  } catch {
    throw .ended(
      .failed, "the new key is in force, and '\(escaped(path))' was not destroyed: \(error)")
  }
}
