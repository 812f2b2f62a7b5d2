// The calls that a program makes. Each asks the file system first and changes nothing that this
// answers, except where a cold file must count as there:
//
//   open for reading      not there: bring it, open it again
//   open, O_CREAT         keeps what is there, so a cold file is brought; without the engine's word
//                         it fails (EIO), for a new empty file would take the place of a cold one
//   ... O_TRUNC           replaces what is there, so nothing is asked
//   ... O_EXCL            a cold file is there: EEXIST
//   stat, access          not there: what the engine knows of it; nothing is brought
//   rename                not there: bring it, rename it again
//   unlink                afterwards the engine is told
//
// Whatever else goes wrong is the file system's own answer, with its errno. Every name that glibc has
// for such a call is here, but creat(3), which replaces what is there.
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "the calls with 64 in their names are the same calls");
_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "and fill the same");

#define HOOK __attribute__((visibility("default")))

// The function of this name in whatever was loaded behind this library. A race finds it twice.
#define NEXT(name)                                                        \
  ({                                                                      \
    static __typeof__(&name) found;                                      \
    __typeof__(&name) known_##name = __atomic_load_n(&found, __ATOMIC_RELAXED); \
    if (!known_##name) {                                                  \
      known_##name = (__typeof__(&name))dlsym(RTLD_NEXT, #name);          \
      __atomic_store_n(&found, known_##name, __ATOMIC_RELAXED);           \
    }                                                                     \
    known_##name;                                                         \
  })

// --- The open family

struct opening {
  int (*call)(const struct opening *opening);
  int directory;
  const char *path;
  int flags;
  mode_t mode;
};

static int failed(int why) {
  errno = why;
  return -1;
}

// Opens what must keep the bytes it has, wherever they are, and makes it only when it is nowhere.
static int opened_keeping(const struct opening *opening) {
  struct opening existing = *opening;
  existing.flags &= ~O_CREAT;
  int follows = !(opening->flags & O_NOFOLLOW);
  for (int tries = 0; tries < tries_max; tries++) {
    int file = existing.call(&existing);
    if (file >= 0 && (opening->flags & O_ACCMODE) == O_RDONLY) {
      // Without O_CREAT a directory can be opened; with it the call is refused.
      struct stat status;
      if (syscall(SYS_fstat, file, &status) || !S_ISDIR(status.st_mode)) return file;
      close(file);
      return opening->call(opening);
    }
    if (file >= 0 || errno != ENOENT) return file;
    switch (shim_fetch(opening->directory, opening->path, follows)) {
      case answer_outside:
      case answer_absent: return opening->call(opening);
      // Taken away again in between; where it is not, it is there the next time.
      case answer_done: continue;
      case answer_refused:
      case answer_denied:
      case answer_silent: return failed(EIO);
    }
  }
  return failed(EIO);
}

static int opened(const struct opening *opening) {
  int flags = opening->flags, follows = !(flags & O_NOFOLLOW);
  int is_made = (flags & O_CREAT) && !(flags & O_PATH);
  if (!settings.is_on || (flags & O_TMPFILE) == O_TMPFILE) return opening->call(opening);
  if (is_made && (flags & O_EXCL)) {
    struct known known;
    if (!place_exists(opening->directory, opening->path, 0) &&
        shim_status(opening->directory, opening->path, 0, &known) == answer_done)
      return failed(EEXIST);
    return opening->call(opening);
  }
  if (is_made && (flags & O_TRUNC)) return opening->call(opening);
  if (is_made) return opened_keeping(opening);
  int file = opening->call(opening);
  if (file >= 0 || errno != ENOENT || (flags & O_DIRECTORY)) return file;
  if (shim_fetch(opening->directory, opening->path, follows) != answer_done) return -1;
  return opening->call(opening);
}

// The mode is passed only where a file may be made.
#define MODE_AFTER(last)                                            \
  ({                                                                \
    mode_t given = 0;                                               \
    if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) {    \
      va_list rest;                                                 \
      va_start(rest, last);                                         \
      given = va_arg(rest, mode_t);                                 \
      va_end(rest);                                                 \
    }                                                               \
    given;                                                          \
  })

#define OPEN_HOOK(name)                                                                 \
  static int call_##name(const struct opening *opening) {                               \
    return NEXT(name)(opening->path, opening->flags, opening->mode);                    \
  }                                                                                     \
  HOOK int name(const char *path, int flags, ...) {                                     \
    struct opening opening = {call_##name, AT_FDCWD, path, flags, MODE_AFTER(flags)};   \
    return opened(&opening);                                                            \
  }
OPEN_HOOK(open)
OPEN_HOOK(open64)

#define OPENAT_HOOK(name)                                                               \
  static int call_##name(const struct opening *opening) {                               \
    return NEXT(name)(opening->directory, opening->path, opening->flags, opening->mode); \
  }                                                                                     \
  HOOK int name(int directory, const char *path, int flags, ...) {                      \
    struct opening opening = {call_##name, directory, path, flags, MODE_AFTER(flags)};  \
    return opened(&opening);                                                            \
  }
OPENAT_HOOK(openat)
OPENAT_HOOK(openat64)

// What checked builds call, of which glibc declares nothing.
#define CHECKED_OPEN_HOOK(name)                                            \
  int name(const char *path, int flags);                                   \
  static int call_##name(const struct opening *opening) {                  \
    return NEXT(name)(opening->path, opening->flags);                      \
  }                                                                        \
  HOOK int name(const char *path, int flags) {                             \
    struct opening opening = {call_##name, AT_FDCWD, path, flags, 0};      \
    return opened(&opening);                                               \
  }
CHECKED_OPEN_HOOK(__open_2)
CHECKED_OPEN_HOOK(__open64_2)

#define CHECKED_OPENAT_HOOK(name)                                          \
  int name(int directory, const char *path, int flags);                    \
  static int call_##name(const struct opening *opening) {                  \
    return NEXT(name)(opening->directory, opening->path, opening->flags);  \
  }                                                                        \
  HOOK int name(int directory, const char *path, int flags) {              \
    struct opening opening = {call_##name, directory, path, flags, 0};     \
    return opened(&opening);                                               \
  }
CHECKED_OPENAT_HOOK(__openat_2)
CHECKED_OPENAT_HOOK(__openat64_2)

// --- Streams. glibc opens their files by itself, so what is to be there is brought before.

// 0 when a stream of this mode must not be opened now; errno says why.
static int is_openable(const char *path, const char *mode) {
  if (!settings.is_on || place_exists(AT_FDCWD, path, 1)) return 1;
  if (strchr(mode, 'x')) {
    struct known known;
    if (shim_status(AT_FDCWD, path, 0, &known) != answer_done) return 1;
    errno = EEXIST;
    return 0;
  }
  if (mode[0] == 'w') return 1;
  enum answer answer = shim_fetch(AT_FDCWD, path, 1);
  if (mode[0] == 'r' || answer <= answer_done || answer == answer_absent) return 1;
  errno = EIO;
  return 0;
}

// A stream that adds to a file keeps the bytes it has, which its own opening could lose to an eviction
// just before it; so the file is opened as every other.
static FILE *added(const char *path, const char *mode, FILE *(*call)(const char *, const char *)) {
  if (!settings.is_on || strpbrk(mode, "x,")) return is_openable(path, mode) ? call(path, mode) : 0;
  int flags = O_CREAT | O_APPEND | (strchr(mode, '+') ? O_RDWR : O_WRONLY);
  if (strchr(mode, 'e')) flags |= O_CLOEXEC;
  struct opening opening = {call_open, AT_FDCWD, path, flags, 0666};
  int file = opened(&opening);
  if (file < 0) return NULL;
  FILE *stream = fdopen(file, mode);
  if (!stream) close(file);
  return stream;
}

#define FOPEN_HOOK(name)                                                   \
  HOOK FILE *name(const char *path, const char *mode) {                    \
    if (mode[0] == 'a') return added(path, mode, NEXT(name));              \
    return is_openable(path, mode) ? NEXT(name)(path, mode) : NULL;        \
  }
FOPEN_HOOK(fopen)
FOPEN_HOOK(fopen64)

#define FREOPEN_HOOK(name)                                                 \
  HOOK FILE *name(const char *path, const char *mode, FILE *stream) {      \
    if (!path || is_openable(path, mode)) return NEXT(name)(path, mode, stream); \
    int why = errno;                                                       \
    fclose(stream);                                                        \
    errno = why;                                                           \
    return NULL;                                                           \
  }
FREOPEN_HOOK(freopen)
FREOPEN_HOOK(freopen64)

// --- The stat family

// What a call of the family answers: what it said, or for a file that is not there what is known.
static int looked(int result, int directory, const char *path, int follows, struct stat *status) {
  if (result == 0) {
    if (shim_has_told()) shim_retell(status);
    return 0;
  }
  if (!settings.is_on || errno != ENOENT) return result;
  return shim_stat(directory, path, follows, status) == answer_done ? 0 : result;
}

#define STAT_HOOK(name, type, follows)                                                \
  HOOK int name(const char *path, struct type *status) {                              \
    int result = NEXT(name)(path, status);                                            \
    return looked(result, AT_FDCWD, path, follows, (struct stat *)(void *)status);    \
  }
STAT_HOOK(stat, stat, 1)
STAT_HOOK(stat64, stat64, 1)
STAT_HOOK(lstat, stat, 0)
STAT_HOOK(lstat64, stat64, 0)

#define FSTAT_HOOK(name, type)                                                        \
  HOOK int name(int file, struct type *status) {                                      \
    int result = NEXT(name)(file, status);                                            \
    if (result == 0 && shim_has_told()) shim_retell((struct stat *)(void *)status);   \
    return result;                                                                    \
  }
FSTAT_HOOK(fstat, stat)
FSTAT_HOOK(fstat64, stat64)

#define FSTATAT_HOOK(name, type)                                                      \
  HOOK int name(int directory, const char *path, struct type *status, int flags) {    \
    int result = NEXT(name)(directory, path, status, flags);                          \
    return looked(                                                                    \
      result, directory, path, !(flags & AT_SYMLINK_NOFOLLOW),                        \
      (struct stat *)(void *)status);                                                 \
  }
FSTATAT_HOOK(fstatat, stat)
FSTATAT_HOOK(fstatat64, stat64)

// The names that programs built before glibc 2.33 call. A newer one may not give them out any more;
// version 1 of the structure is the only one that 64-bit machines have.
#define OLD_STAT_HOOK(name, now, type, follows)                                       \
  int name(int version, const char *path, struct type *status);                       \
  HOOK int name(int version, const char *path, struct type *status) {                 \
    __typeof__(&name) next = NEXT(name);                                              \
    int result = next ? next(version, path, status) : NEXT(now)(path, status);        \
    return looked(result, AT_FDCWD, path, follows, (struct stat *)(void *)status);    \
  }
OLD_STAT_HOOK(__xstat, stat, stat, 1)
OLD_STAT_HOOK(__xstat64, stat64, stat64, 1)
OLD_STAT_HOOK(__lxstat, lstat, stat, 0)
OLD_STAT_HOOK(__lxstat64, lstat64, stat64, 0)

#define OLD_FSTAT_HOOK(name, now, type)                                               \
  int name(int version, int file, struct type *status);                               \
  HOOK int name(int version, int file, struct type *status) {                         \
    __typeof__(&name) next = NEXT(name);                                              \
    int result = next ? next(version, file, status) : NEXT(now)(file, status);        \
    if (result == 0 && shim_has_told()) shim_retell((struct stat *)(void *)status);   \
    return result;                                                                    \
  }
OLD_FSTAT_HOOK(__fxstat, fstat, stat)
OLD_FSTAT_HOOK(__fxstat64, fstat64, stat64)

#define OLD_FSTATAT_HOOK(name, now, type)                                             \
  int name(int version, int directory, const char *path, struct type *status, int flags); \
  HOOK int name(                                                                      \
    int version, int directory, const char *path, struct type *status, int flags) {   \
    __typeof__(&name) next = NEXT(name);                                              \
    int result = next ? next(version, directory, path, status, flags)                 \
                      : NEXT(now)(directory, path, status, flags);                    \
    return looked(                                                                    \
      result, directory, path, !(flags & AT_SYMLINK_NOFOLLOW),                        \
      (struct stat *)(void *)status);                                                 \
  }
OLD_FSTATAT_HOOK(__fxstatat, fstatat, stat)
OLD_FSTATAT_HOOK(__fxstatat64, fstatat64, stat64)

static struct statx_timestamp timestamp(struct timespec time) {
  return (struct statx_timestamp){.tv_sec = time.tv_sec, .tv_nsec = (uint32_t)time.tv_nsec};
}

// Fills what the call says of a file that is not there.
static void fill_statx(struct statx *to, const struct stat *from) {
  memset(to, 0, sizeof *to);
  to->stx_mask = STATX_BASIC_STATS;
  to->stx_blksize = (uint32_t)from->st_blksize;
  to->stx_nlink = (uint32_t)from->st_nlink;
  to->stx_uid = from->st_uid;
  to->stx_gid = from->st_gid;
  to->stx_mode = (uint16_t)from->st_mode;
  to->stx_ino = from->st_ino;
  to->stx_size = (uint64_t)from->st_size;
  to->stx_blocks = (uint64_t)from->st_blocks;
  to->stx_atime = timestamp(from->st_atim);
  to->stx_ctime = timestamp(from->st_ctim);
  to->stx_mtime = timestamp(from->st_mtim);
  to->stx_dev_major = major(from->st_dev);
  to->stx_dev_minor = minor(from->st_dev);
}

// What the thread was told of the file before it was brought.
static void retell_statx(struct statx *status) {
  struct stat told = {
    .st_dev = makedev(status->stx_dev_major, status->stx_dev_minor),
    .st_ino = status->stx_ino,
    .st_mode = status->stx_mode,
    .st_size = (off_t)status->stx_size,
    .st_mtim = {status->stx_mtime.tv_sec, status->stx_mtime.tv_nsec},
    .st_ctim = {status->stx_ctime.tv_sec, status->stx_ctime.tv_nsec},
  };
  shim_retell(&told);
  status->stx_ino = told.st_ino;
  status->stx_ctime = timestamp(told.st_ctim);
}

HOOK int statx(
  int directory, const char *restrict path, int flags, unsigned mask,
  struct statx *restrict status) {
  int result = NEXT(statx)(directory, path, flags, mask, status);
  if (result == 0) {
    if (shim_has_told()) retell_statx(status);
    return 0;
  }
  if (!settings.is_on || errno != ENOENT) return result;
  struct stat known;
  int follows = !(flags & AT_SYMLINK_NOFOLLOW);
  if (shim_stat(directory, path, follows, &known) != answer_done) return result;
  fill_statx(status, &known);
  return 0;
}

// --- The access family

// Whether a file that is not there may be used so. Its owner is not known here, so what anybody may is
// taken for what the caller may: opening it asks the kernel.
static int is_allowed(const struct known *known, int wanted) {
  mode_t bits = known->mode | known->mode >> 3 | known->mode >> 6;
  int allowed = (int)(bits & 7);
  if (geteuid() == 0) allowed |= R_OK | W_OK;
  return (wanted & ~allowed) == 0;
}

static int accessed(int result, int directory, const char *path, int wanted, int follows) {
  if (result == 0 || !settings.is_on || errno != ENOENT) return result;
  struct known known;
  if (shim_status(directory, path, follows, &known) != answer_done) return result;
  return is_allowed(&known, wanted) ? 0 : failed(EACCES);
}

#define ACCESS_HOOK(name)                                                      \
  HOOK int name(const char *path, int wanted) {                                \
    return accessed(NEXT(name)(path, wanted), AT_FDCWD, path, wanted, 1);      \
  }
ACCESS_HOOK(access)
ACCESS_HOOK(euidaccess)
ACCESS_HOOK(eaccess)

HOOK int faccessat(int directory, const char *path, int wanted, int flags) {
  int result = NEXT(faccessat)(directory, path, wanted, flags);
  return accessed(result, directory, path, wanted, !(flags & AT_SYMLINK_NOFOLLOW));
}

// --- The rename family

struct renaming {
  int (*call)(const struct renaming *renaming);
  int from_directory;
  const char *from;
  int to_directory;
  const char *to;
  unsigned flags;
};

static int renamed(const struct renaming *renaming) {
  int is_exchange = (renaming->flags & RENAME_EXCHANGE) != 0;
  struct known known;
  if (settings.is_on && (renaming->flags & RENAME_NOREPLACE) &&
      !place_exists(renaming->to_directory, renaming->to, 0) &&
      shim_status(renaming->to_directory, renaming->to, 0, &known) == answer_done)
    return failed(EEXIST);
  int result = renaming->call(renaming);
  if (result == 0 || !settings.is_on || errno != ENOENT) return result;
  int is_brought =
    !place_exists(renaming->from_directory, renaming->from, 0) &&
    shim_fetch(renaming->from_directory, renaming->from, 0) == answer_done;
  if (is_exchange && !place_exists(renaming->to_directory, renaming->to, 0))
    is_brought |= shim_fetch(renaming->to_directory, renaming->to, 0) == answer_done;
  errno = ENOENT;
  return is_brought ? renaming->call(renaming) : result;
}

static int call_rename(const struct renaming *renaming) {
  return NEXT(rename)(renaming->from, renaming->to);
}
HOOK int rename(const char *from, const char *to) {
  struct renaming renaming = {call_rename, AT_FDCWD, from, AT_FDCWD, to, 0};
  return renamed(&renaming);
}

static int call_renameat(const struct renaming *renaming) {
  return NEXT(renameat)(
    renaming->from_directory, renaming->from, renaming->to_directory, renaming->to);
}
HOOK int renameat(int from_directory, const char *from, int to_directory, const char *to) {
  struct renaming renaming = {call_renameat, from_directory, from, to_directory, to, 0};
  return renamed(&renaming);
}

static int call_renameat2(const struct renaming *renaming) {
  return NEXT(renameat2)(
    renaming->from_directory, renaming->from, renaming->to_directory, renaming->to,
    renaming->flags);
}
HOOK int renameat2(
  int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
  struct renaming renaming = {call_renameat2, from_directory, from, to_directory, to, flags};
  return renamed(&renaming);
}

// --- The unlink family

struct unlinking {
  int (*call)(const struct unlinking *unlinking);
  int directory;
  const char *path;
  int flags;
};

// Removes a name and tells the engine. A file that was not there may have been cold, and then it was
// deleted by this; or it was brought in between, and is removed now.
static int unlinked(const struct unlinking *unlinking) {
  int result = unlinking->call(unlinking);
  if (!settings.is_on || (result != 0 && errno != ENOENT)) return result;
  if (result != 0 && place_exists(unlinking->directory, unlinking->path, 0)) {
    result = unlinking->call(unlinking);
    if (result != 0 && errno != ENOENT) return result;
  } else if (result != 0) {
    errno = ENOENT;
  }
  return shim_delete(unlinking->directory, unlinking->path) == answer_done ? 0 : result;
}

static int call_unlink(const struct unlinking *unlinking) {
  return NEXT(unlink)(unlinking->path);
}
HOOK int unlink(const char *path) {
  struct unlinking unlinking = {call_unlink, AT_FDCWD, path, 0};
  return unlinked(&unlinking);
}

static int call_unlinkat(const struct unlinking *unlinking) {
  return NEXT(unlinkat)(unlinking->directory, unlinking->path, unlinking->flags);
}
HOOK int unlinkat(int directory, const char *path, int flags) {
  struct unlinking unlinking = {call_unlinkat, directory, path, flags};
  return flags & AT_REMOVEDIR ? call_unlinkat(&unlinking) : unlinked(&unlinking);
}

static int call_remove(const struct unlinking *unlinking) {
  return NEXT(remove)(unlinking->path);
}
HOOK int remove(const char *path) {
  struct unlinking unlinking = {call_remove, AT_FDCWD, path, 0};
  return unlinked(&unlinking);
}
