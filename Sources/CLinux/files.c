// The bodies of the doors in CLinuxFiles.h.
#define _GNU_SOURCE 1
#include "CLinuxFiles.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

struct spelling {
  char text[PATH_MAX];
};

// An empty name is the directory itself.
static int spell(struct spelling *spelling, const uint8_t *name, size_t count) {
  if (count >= sizeof spelling->text) {
    errno = ENAMETOOLONG;
    return -1;
  }
  if (count == 0) {
    strcpy(spelling->text, ".");
    return 0;
  }
  memcpy(spelling->text, name, count);
  spelling->text[count] = 0;
  return 0;
}

// O_NONBLOCK keeps the opening of a FIFO from waiting for its other end; regular files ignore it.
static int flags_of(int how) {
  int flags = O_CLOEXEC | O_NOCTTY;
  if (how & CLINUX_PLACE) return O_CLOEXEC | O_PATH | O_DIRECTORY;
  if (how & CLINUX_DIRECTORY) return flags | O_RDONLY | O_DIRECTORY;
  flags |= O_NONBLOCK;
  if (how & CLINUX_CREATING) return flags | O_RDWR | O_CREAT | O_EXCL;
  return flags | (how & CLINUX_WRITING ? O_RDWR : O_RDONLY);
}

int clinux_open(const uint8_t *path, size_t count, int how) {
  struct spelling name;
  if (spell(&name, path, count)) return -1;
  return open(name.text, flags_of(how) & ~O_NONBLOCK);
}

int clinux_open_beneath(int directory, const uint8_t *path, size_t count, int how, int mode) {
  struct spelling name;
  if (spell(&name, path, count)) return -1;
  struct open_how opening = {
      .flags = (uint64_t)flags_of(how),
      .mode = how & CLINUX_CREATING ? (uint64_t)mode : 0,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
  };
  return (int)syscall(SYS_openat2, directory, name.text, &opening, sizeof opening);
}

int clinux_open_name(int directory, const uint8_t *name, size_t count, int how, int mode) {
  struct spelling spelling;
  if (spell(&spelling, name, count)) return -1;
  int opened = openat(directory, spelling.text, flags_of(how) | O_NOFOLLOW, mode);
  if (opened < 0 && errno == ENOTDIR) {
    struct stat info;
    int link = !fstatat(directory, spelling.text, &info, AT_SYMLINK_NOFOLLOW) &&
               S_ISLNK(info.st_mode);
    errno = link ? ELOOP : ENOTDIR;
  }
  return opened;
}

static void translate(const struct stat *info, struct clinux_status *status) {
  *status = (struct clinux_status){
      .size = (uint64_t)info->st_size,
      .device = info->st_dev,
      .inode = info->st_ino,
      .links = info->st_nlink,
      .modified_nanoseconds = info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec,
      .changed_nanoseconds = info->st_ctim.tv_sec * 1000000000 + info->st_ctim.tv_nsec,
      .owner = info->st_uid,
      .group = info->st_gid,
      .mode = info->st_mode & 07777,
      .kind = S_ISREG(info->st_mode)   ? CLINUX_REGULAR
              : S_ISDIR(info->st_mode) ? CLINUX_FOLDER
              : S_ISLNK(info->st_mode) ? CLINUX_LINK
                                       : CLINUX_OTHER,
  };
}

int clinux_status_of(int file, struct clinux_status *status) {
  struct stat info;
  if (fstat(file, &info)) return -1;
  translate(&info, status);
  return 0;
}

int clinux_status_at(int directory, const uint8_t *name, size_t count,
                     struct clinux_status *status) {
  struct spelling spelling;
  struct stat info;
  if (spell(&spelling, name, count)) return -1;
  if (fstatat(directory, spelling.text, &info, AT_SYMLINK_NOFOLLOW)) return -1;
  translate(&info, status);
  return 0;
}

int clinux_make_directory(int directory, const uint8_t *name, size_t count, int mode) {
  struct spelling spelling;
  if (spell(&spelling, name, count)) return -1;
  return mkdirat(directory, spelling.text, (mode_t)mode);
}

int clinux_remove(int directory, const uint8_t *name, size_t count, int folder) {
  struct spelling spelling;
  if (spell(&spelling, name, count)) return -1;
  return unlinkat(directory, spelling.text, folder ? AT_REMOVEDIR : 0);
}

int clinux_rename(int from_directory, const uint8_t *from, size_t from_count, int to_directory,
                  const uint8_t *to, size_t to_count) {
  struct spelling old, new;
  if (spell(&old, from, from_count) || spell(&new, to, to_count)) return -1;
  return renameat(from_directory, old.text, to_directory, new.text);
}

int clinux_rename_new(int from_directory, const uint8_t *from, size_t from_count,
                      int to_directory, const uint8_t *to, size_t to_count) {
  struct spelling old, new;
  if (spell(&old, from, from_count) || spell(&new, to, to_count)) return -1;
  return renameat2(from_directory, old.text, to_directory, new.text, RENAME_NOREPLACE);
}

int clinux_link(int from_directory, const uint8_t *from, size_t from_count, int to_directory,
                const uint8_t *to, size_t to_count) {
  struct spelling old, new;
  if (spell(&old, from, from_count) || spell(&new, to, to_count)) return -1;
  return linkat(from_directory, old.text, to_directory, new.text, 0);
}

int64_t clinux_list(int directory, uint8_t *records, size_t count) {
  return syscall(SYS_getdents64, directory, records, count);
}

int64_t clinux_append(int file, const uint8_t *bytes, size_t count) {
  struct iovec piece = {.iov_base = (void *)bytes, .iov_len = count};
  return pwritev2(file, &piece, 1, 0, RWF_APPEND);
}

int clinux_allocate(int file, uint64_t size) {
  if (size > INT64_MAX) {
    errno = EFBIG;
    return -1;
  }
  errno = posix_fallocate(file, 0, (off_t)size);
  return errno ? -1 : 0;
}

int clinux_share_blocks(int from, int to) { return ioctl(to, FICLONE, from); }

int64_t clinux_copy_range(int from, int to, size_t count) {
  return copy_file_range(from, NULL, to, NULL, count, 0);
}

int clinux_set_modified(int file, int64_t nanoseconds) {
  int64_t seconds = nanoseconds / 1000000000, rest = nanoseconds % 1000000000;
  if (rest < 0) {
    rest += 1000000000;
    seconds -= 1;
  }
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = seconds, .tv_nsec = rest}};
  return futimens(file, times);
}

int64_t clinux_attribute(int file, const char *name, uint8_t *value, size_t count) {
  return fgetxattr(file, name, value, count);
}

int clinux_set_attribute(int file, const char *name, const uint8_t *value, size_t count) {
  return fsetxattr(file, name, value, count, 0);
}

int clinux_remove_attribute(int file, const char *name) { return fremovexattr(file, name); }

int clinux_lock(int file, int32_t holder) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = holder};
  return fcntl(file, F_OFD_SETLK, &lock);
}

int clinux_unlock(int file) {
  struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
  return fcntl(file, F_OFD_SETLK, &lock);
}

int32_t clinux_lock_holder(int file) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
  if (fcntl(file, F_OFD_GETLK, &lock) || lock.l_type == F_UNLCK) return 0;
  // A lock of the older kind names its process itself.
  if (lock.l_pid > 0) return lock.l_pid;
  return lock.l_len <= INT32_MAX ? (int32_t)lock.l_len : 0;
}

// The signal that a lease brings ends the process unless it is one that is ignored by nature.
int clinux_lease(int file) {
  return fcntl(file, F_SETSIG, SIGURG) ? -1 : fcntl(file, F_SETLEASE, F_WRLCK);
}

int clinux_is_leased(int file) { return fcntl(file, F_GETLEASE) == F_WRLCK; }

int clinux_space_left(int file, uint64_t *bytes) {
  struct statvfs info;
  if (fstatvfs(file, &info)) return -1;
  *bytes = (uint64_t)info.f_bavail * info.f_frsize;
  return 0;
}

void *clinux_map(int file, size_t count, int writing) {
  int access = writing ? PROT_READ | PROT_WRITE : PROT_READ;
  void *bytes = mmap(NULL, count, access, MAP_SHARED, file, 0);
  return bytes == MAP_FAILED ? NULL : bytes;
}

void clinux_unmap(void *bytes, size_t count) { munmap(bytes, count); }

uint64_t clinux_load_word(const uint64_t *word) {
  return atomic_load_explicit((const _Atomic uint64_t *)word, memory_order_acquire);
}

// The kernel compares 32 bits; these are the half that changes with every step of a counter.
static uint32_t *low_half(const uint64_t *word) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return (uint32_t *)word;
#else
  return (uint32_t *)word + 1;
#endif
}

void clinux_store_word(uint64_t *word, uint64_t value) {
  atomic_store_explicit((_Atomic uint64_t *)word, value, memory_order_release);
  syscall(SYS_futex, low_half(word), FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void clinux_wait_word(const uint64_t *word, uint64_t value, int64_t nanoseconds) {
  struct timespec timeout = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  syscall(SYS_futex, low_half(word), FUTEX_WAIT, (uint32_t)value, &timeout, NULL, 0);
}
