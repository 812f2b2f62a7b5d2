// A configuration file that is read again while the engine runs.
//
//            ┌────────── same file ──────────┐
//            ▼                               │
//         resting ── looked, asked ──▶ judging ── other file, or asked ──▶ reading
//            ▲                                                               │
//            ├── same bytes: nothing ────────────────────────────────────────┤
//            ├── right: the live part is in force ───────────────────────────┤
//            └── wrong: the last good one stays, said once ──────────────────┘
//
// Files are told apart by what the path leads to: device, inode, size and time, so a file that was
// replaced whole, or a link that was pointed elsewhere, is seen. A file that was written just before it
// was read may be written again within the same tick of its clock; it is read once more. A document
// is taken whole or not at all. Time arrives in events; nothing here reads or waits.

package import Ambient
package import Flags

/// What tells one state of a file from another.
package struct FileStamp: Equatable, Sendable {
  package let device: UInt64
  package let inode: UInt64
  package let size: UInt64
  package let modified: WallTime

  package init(device: UInt64, inode: UInt64, size: UInt64, modified: WallTime) {
    self.device = device
    self.inode = inode
    self.size = size
    self.modified = modified
  }
}

/// What came of a look at the configuration.
package enum ReloadOutcome: Equatable, Sendable {
  /// It says what is in force already.
  case unchanged
  /// It is in force, but for what needs a restart.
  case changed(ConfigurationChanges)
  /// It cannot be used: a sentence with the place of what is wrong. The last good one stays.
  case refused(String)
}

/// The rule of reading a configuration again.
package struct SettingsReload: Sendable {
  package enum Event: Sendable {
    /// The path was looked at: what it leads to, or why it leads nowhere.
    case looked(Sight<FileStamp>)
    /// Somebody wants the file read, changed or not.
    case asked
    /// The file was read: its stamp from before, and its bytes.
    case read(Sight<Reading>, at: WallTime)
  }

  /// What was found, or a sentence that says why it was not.
  package enum Sight<Found: Sendable>: Sendable {
    case found(Found)
    case failed(String)
  }

  /// A file as it was read.
  package struct Reading: Sendable {
    package let stamp: FileStamp
    package let bytes: [UInt8]

    package init(stamp: FileStamp, bytes: [UInt8]) {
      self.stamp = stamp
      self.bytes = bytes
    }
  }

  package enum Action: Equatable, Sendable {
    /// Read the file, and say what was read.
    case read
    /// What came of it is to be told; what changed is in force already in this value.
    case tell(ReloadOutcome)
  }

  /// What is in force.
  package private(set) var inForce: Configuration
  private let parse: @Sendable ([UInt8]) throws(ConfigurationError) -> Configuration
  private var last: Reading?
  /// Why the file cannot be used, as it was told.
  private var complaint: String?
  private var isAsked = false
  /// The file is as old as its reading, so that the next look reads it whatever it finds.
  private var isFresh = false

  /// How long after its last change a file counts as at rest: clocks of file systems tick in
  /// hundredths of a second, those of other machines in whole ones.
  package static let restTime = Duration.seconds(2)

  /// Begins with a configuration that was read before; `parse` reads another one whole.
  package init(
    inForce: Configuration, last: Reading?,
    parse: @escaping @Sendable ([UInt8]) throws(ConfigurationError) -> Configuration
  ) {
    self.inForce = inForce
    self.last = last
    self.parse = parse
    isFresh = true
  }

  package mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .asked:
      isAsked = true
      return [.read]
    case .looked(.found(let stamp)):
      return isFresh || stamp != last?.stamp ? [.read] : []
    case .looked(.failed(let sentence)), .read(.failed(let sentence), _):
      // Whatever comes back in its place is to be read.
      isFresh = true
      return refuse(sentence)
    case .read(.found(let reading), let now):
      isFresh = now - reading.stamp.modified < Self.restTime
      let isSame = last?.bytes == reading.bytes
      last = reading
      return isSame && !isAsked && complaint == nil ? [] : judge(reading.bytes)
    }
  }

  private mutating func judge(_ bytes: [UInt8]) -> [Action] {
    let new: Configuration
    do throws(ConfigurationError) {
      new = try parse(bytes)
    } catch {
      return refuse("\(error)")
    }
    let changes = inForce.changes(to: new)
    inForce = inForce.taking(liveFrom: new)
    let isToTell = isAsked || complaint != nil || !changes.isEmpty
    (isAsked, complaint) = (false, nil)
    return isToTell ? [.tell(changes.isEmpty ? .unchanged : .changed(changes))] : []
  }

  private mutating func refuse(_ sentence: String) -> [Action] {
    let isToTell = isAsked || complaint != sentence
    (isAsked, complaint) = (false, sentence)
    return isToTell ? [.tell(.refused(sentence))] : []
  }
}
