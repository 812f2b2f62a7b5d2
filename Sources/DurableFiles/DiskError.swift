// What can go wrong on a disk, named by what happened to which file. Both disks throw these and
// nothing else, so code above never sees an errno. The kernel's numbers are translated here only.

import Bytes
import Glibc

/// A refusal or failure of the disk.
public enum DiskError: Error, Equatable, Sendable {
  /// The path is not one that may be used on this disk.
  case badPath(String)
  case absent(FilePath)
  case exists(FilePath)
  case notADirectory(FilePath)
  case isADirectory(FilePath)
  case directoryNotEmpty(FilePath)
  /// The path leads through a symbolic link or out of the disk's root.
  case escapes(FilePath)
  /// Something that is not a regular file stands where one was expected.
  case notRegular(FilePath)
  case denied(FilePath)
  /// No space, or no quota, is left.
  case full(FilePath)
  /// The disk is mounted or opened for reading only.
  case readOnly(FilePath)
  /// A name cannot move to another file system; its bytes would have to be copied.
  case crossesFileSystems(FilePath)
  /// There is more than the caller is willing to hold.
  case tooLarge(FilePath, max: Int)
  case tooManyOpenFiles(FilePath)
  /// The kernel watches no more directories for this user.
  case watchesExhausted(FilePath)
  /// Another process holds the lock; 0 when the kernel does not say which.
  case locked(FilePath, holder: Int32)
  /// The call was interrupted before it did anything; `OpenFile` tries again. Only reads, writes,
  /// changes of size and syncs end so.
  case interrupted(FilePath)
  /// The device failed to read or write.
  case io(FilePath)
  /// A sync failed earlier, so nothing written since the last good one is certain; everything but
  /// reading is refused until the disk is opened anew.
  case latched(FilePath)
  /// The file system cannot do this at all, extended attributes for one.
  case unsupported(FilePath)
  /// Fewer bytes were there than the caller knows must be.
  case endsEarly(FilePath, offset: UInt64)
  /// The machine died here; only the simulated disk says so, on every call until it is reopened.
  case crashed
  /// Any other refusal of the kernel's, by its number.
  case system(FilePath, errno: Int32)
}

extension DiskError {
  /// What the kernel's number means, said of the path.
  init(errno number: Int32, _ path: FilePath) {
    self =
      switch number {
      case ENOENT: .absent(path)
      case EEXIST: .exists(path)
      case ENOTDIR: .notADirectory(path)
      case EISDIR: .isADirectory(path)
      case ENOTEMPTY: .directoryNotEmpty(path)
      case ELOOP: .escapes(path)
      case ENXIO, ENODEV: .notRegular(path)
      case EACCES, EPERM: .denied(path)
      case ENOSPC, EDQUOT: .full(path)
      case EROFS: .readOnly(path)
      case EXDEV: .crossesFileSystems(path)
      case EMFILE, ENFILE: .tooManyOpenFiles(path)
      case EAGAIN: .locked(path, holder: 0)
      case EINTR: .interrupted(path)
      case EIO: .io(path)
      case EOPNOTSUPP, ENOSYS, ENOTTY, ENOLCK: .unsupported(path)
      case ENAMETOOLONG: .badPath(path.description)
      default: .system(path, errno: number)
      }
  }
}

extension DiskError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .badPath(let text): "'\(escaped(text))' is not a usable path"
    case .absent(let path): "\(path) does not exist"
    case .exists(let path): "\(path) exists already"
    case .notADirectory(let path): "\(path) is not a directory"
    case .isADirectory(let path): "\(path) is a directory"
    case .directoryNotEmpty(let path): "\(path) is not empty"
    case .escapes(let path): "\(path) leads through a symbolic link or out of its root"
    case .notRegular(let path): "\(path) is not a regular file"
    case .denied(let path): "permission to use \(path) is denied"
    case .full(let path): "no space is left for \(path); free some and try again"
    case .readOnly(let path): "\(path) cannot be changed: its disk is read-only"
    case .crossesFileSystems(let path): "\(path) cannot be moved to another file system"
    case .tooLarge(let path, let max): "\(path) holds more than \(max) bytes or names"
    case .tooManyOpenFiles(let path):
      "\(path) cannot be opened: too many files are open (raise the limit with ulimit -n)"
    case .watchesExhausted(let path):
      "\(path) cannot be watched: the kernel has no watch left (raise fs.inotify.max_user_watches)"
    case .locked(let path, let holder):
      holder > 0 ? "\(path) is locked by process \(holder)" : "\(path) is locked"
    case .interrupted(let path): "a call on \(path) was interrupted"
    case .io(let path): "the device failed on \(path)"
    case .latched(let path):
      "\(path) is refused because an earlier sync failed; check the device, then restart"
    case .unsupported(let path): "the file system of \(path) cannot do this"
    case .endsEarly(let path, let offset): "\(path) ends early, at byte \(offset)"
    case .crashed: "the simulated machine has crashed"
    case .system(let path, let errno): "\(path): system error \(errno)"
    }
  }
}
