// Doors to the calls on files. Names are bytes and a count, below an open directory; -1 means that
// errno says why. A symbolic link is never followed unless the door says so.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// How a file is opened; a set of these. Without `WRITING` it is for reading only.
enum {
  CLINUX_WRITING = 1,
  /// The file must not exist yet.
  CLINUX_CREATING = 2,
  /// Only a directory will do.
  CLINUX_DIRECTORY = 4,
  /// A place in the tree, good for nothing but looking up names below it.
  CLINUX_PLACE = 8,
};

enum { CLINUX_REGULAR, CLINUX_FOLDER, CLINUX_LINK, CLINUX_OTHER };

/// What the kernel says of one file.
struct clinux_status {
  uint64_t size, device, inode, links;
  int64_t modified_nanoseconds, changed_nanoseconds;
  uint32_t owner, group;
  uint16_t mode;
  /// CLINUX_REGULAR, CLINUX_FOLDER, CLINUX_LINK or CLINUX_OTHER.
  uint8_t kind;
};

/// Opens a path as it stands, links followed; see open(2).
int clinux_open(const uint8_t *path, size_t count, int how);
/// Opens a path of several components that must stay below the directory; see openat2(2).
int clinux_open_beneath(int directory, const uint8_t *path, size_t count, int how, int mode);
/// Opens one name in the directory; ELOOP when it is a link. See openat(2).
int clinux_open_name(int directory, const uint8_t *name, size_t count, int how, int mode);

/// Fills `status` for an open file; see fstat(2).
int clinux_status_of(int file, struct clinux_status *status);
/// Fills `status` for a name, itself and not what it links to; see fstatat(2).
int clinux_status_at(int directory, const uint8_t *name, size_t count,
                     struct clinux_status *status);

/// Makes a directory with these bits, less the process's mask; see mkdirat(2).
int clinux_make_directory(int directory, const uint8_t *name, size_t count, int mode);
/// Removes a name, of a directory when `folder`; see unlinkat(2).
int clinux_remove(int directory, const uint8_t *name, size_t count, int folder);
/// Moves a name over whatever is there; see renameat(2).
int clinux_rename(int from_directory, const uint8_t *from, size_t from_count, int to_directory,
                  const uint8_t *to, size_t to_count);
/// Moves a name unless the other is taken; EINVAL where the file system cannot. See renameat2(2).
int clinux_rename_new(int from_directory, const uint8_t *from, size_t from_count,
                      int to_directory, const uint8_t *to, size_t to_count);
/// Gives a file a second name unless that is taken; see linkat(2).
int clinux_link(int from_directory, const uint8_t *from, size_t from_count, int to_directory,
                const uint8_t *to, size_t to_count);
/// Fills `records` with directory records from the descriptor's place on; see getdents64(2).
int64_t clinux_list(int directory, uint8_t *records, size_t count);

/// Writes at the end of the file as it is at that moment; see pwritev2(2), RWF_APPEND.
int64_t clinux_append(int file, const uint8_t *bytes, size_t count);
/// Reserves space for the first `size` bytes, extending the file; see posix_fallocate(3).
int clinux_allocate(int file, uint64_t size);
/// Makes `to` share all blocks of `from`; see ioctl_ficlone(2).
int clinux_share_blocks(int from, int to);
/// Copies bytes in the kernel, from and to the descriptors' places; see copy_file_range(2).
int64_t clinux_copy_range(int from, int to, size_t count);
/// Sets the time of modification, leaving that of access; see futimens(3).
int clinux_set_modified(int file, int64_t nanoseconds);

/// The value of an extended attribute, as fgetxattr(2); a count of 0 asks for the length.
int64_t clinux_attribute(int file, const char *name, uint8_t *value, size_t count);
/// Sets an extended attribute; see fsetxattr(2).
int clinux_set_attribute(int file, const char *name, const uint8_t *value, size_t count);
/// Removes an extended attribute; see fremovexattr(2).
int clinux_remove_attribute(int file, const char *name);

/// Locks the first `holder` bytes for this open file alone, so that the length of the lock names
/// its holder to others: the kernel keeps no process for such locks. EAGAIN when taken. See
/// fcntl(2), F_OFD_SETLK.
int clinux_lock(int file, int32_t holder);
/// Gives the lock back, whoever else holds a copy of the opening.
int clinux_unlock(int file);
/// The holder named by the lock that others have, 0 when there is none.
int32_t clinux_lock_holder(int file);

/// Takes a write lease, which nobody gets while another has the file open (EAGAIN); 0 when taken.
/// Who opens the file then is told to the kernel only, by a signal that does nothing. See fcntl(2),
/// F_SETLEASE.
int clinux_lease(int file);
/// 1 while the lease is held and nobody waits for its end, else 0.
int clinux_is_leased(int file);

/// Bytes left for an unprivileged process; see fstatvfs(3).
int clinux_space_left(int file, uint64_t *bytes);

/// Maps the first `count` bytes, shared; NULL on failure. See mmap(2).
void *clinux_map(int file, size_t count, int writing);
/// Unmaps what clinux_map gave.
void clinux_unmap(void *bytes, size_t count);
/// Reads a shared word, with all that its writer did before.
uint64_t clinux_load_word(const uint64_t *word);
/// Writes a shared word and wakes its sleepers in every process; see futex(2).
void clinux_store_word(uint64_t *word, uint64_t value);
/// Sleeps while the word is `value`, at most so long; wakes early for any reason.
void clinux_wait_word(const uint64_t *word, uint64_t value, int64_t nanoseconds);
