// The texts of the disk's errors, and what the kernel's numbers become.

import Glibc
import Testing

@testable import DurableFiles

@Suite struct DiskErrorTests {
  @Test(
    arguments: [
      (.badPath("a\u{1B}/.."), "'a\\x1b/..' is not a usable path"),
      (.absent("a"), "a does not exist"),
      (.exists("a"), "a exists already"),
      (.notADirectory("a"), "a is not a directory"),
      (.isADirectory("a"), "a is a directory"),
      (.directoryNotEmpty("a"), "a is not empty"),
      (.escapes("a"), "a leads through a symbolic link or out of its root"),
      (.notRegular("a"), "a is not a regular file"),
      (.denied("a"), "permission to use a is denied"),
      (.full("a"), "no space is left for a; free some and try again"),
      (.readOnly("a"), "a cannot be changed: its disk is read-only"),
      (.crossesFileSystems("a"), "a cannot be moved to another file system"),
      (.tooLarge("a", max: 7), "a holds more than 7 bytes or names"),
      (
        .tooManyOpenFiles("a"),
        "a cannot be opened: too many files are open (raise the limit with ulimit -n)"
      ),
      (
        .watchesExhausted("a"),
        "a cannot be watched: the kernel has no watch left (raise fs.inotify.max_user_watches)"
      ),
      (.locked("a", holder: 0), "a is locked"),
      (.locked("a", holder: 17), "a is locked by process 17"),
      (.interrupted("a"), "a call on a was interrupted"),
      (.io("a"), "the device failed on a"),
      (
        .latched("a"),
        "a is refused because an earlier sync failed; check the device, then restart"
      ),
      (.unsupported("a"), "the file system of a cannot do this"),
      (.endsEarly("a", offset: 9), "a ends early, at byte 9"),
      (.crashed, "the simulated machine has crashed"),
      (.system("a", errno: 75), "a: system error 75"),
    ] as [(DiskError, String)])
  func `an error is one sentence`(_ error: DiskError, _ text: String) {
    #expect(error.description == text)
  }

  @Test(
    arguments: [
      (ENOENT, .absent("a")), (EEXIST, .exists("a")), (ENOTDIR, .notADirectory("a")),
      (EISDIR, .isADirectory("a")), (ENOTEMPTY, .directoryNotEmpty("a")), (ELOOP, .escapes("a")),
      (ENXIO, .notRegular("a")), (EACCES, .denied("a")), (EPERM, .denied("a")),
      (ENOSPC, .full("a")), (EDQUOT, .full("a")), (EROFS, .readOnly("a")),
      (EXDEV, .crossesFileSystems("a")), (EMFILE, .tooManyOpenFiles("a")),
      (ENFILE, .tooManyOpenFiles("a")), (EINTR, .interrupted("a")), (EIO, .io("a")),
      (EOPNOTSUPP, .unsupported("a")), (ENAMETOOLONG, .badPath("a")),
      (ESTALE, .system("a", errno: ESTALE)),
    ] as [(Int32, DiskError)])
  func `the kernel's numbers are named by what happened`(_ number: Int32, _ error: DiskError) {
    #expect(DiskError(errno: number, "a") == error)
  }
}
