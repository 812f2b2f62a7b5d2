// Doors to what tells of changes: fanotify, inotify, and the descriptor that ends a wait.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Opens a fanotify group that reports directories and names; see fanotify_init(2).
int clinux_fanotify(void);
/// Marks the whole file system of an open directory; see fanotify_mark(2).
int clinux_fanotify_mark(int watcher, int directory, uint64_t mask);
/// Whether places can be opened by handle on the file system of an open directory; -1 if not.
int clinux_try_handles(int directory);
/// Opens a place by the kernel's handle for it: its length 4, type 4, and bytes. See
/// open_by_handle_at(2).
int clinux_open_handle(int mount, const uint8_t *handle, size_t count);
/// Fills `path` with where an open file is now; returns its length. See proc_pid_fd(5).
int64_t clinux_place(int file, uint8_t *path, size_t count);

/// Opens an inotify instance; see inotify_init1(2).
int clinux_inotify(void);
/// Watches an open directory; returns the watch's number. See inotify_add_watch(2).
int clinux_inotify_add(int watcher, int directory, uint32_t mask);
/// Ends a watch; see inotify_rm_watch(2).
int clinux_inotify_remove(int watcher, int watch);

/// Opens a descriptor that is readable once it was signalled; see eventfd(2).
int clinux_signal(void);
/// Makes it readable, for good.
int clinux_raise(int signal);
/// Waits until one of both is readable: 1 for the first, 2 for the second, 3 for both, 0 when the
/// time is over. See ppoll(2).
int clinux_wait_readable(int first, int second, int64_t nanoseconds);

/// The effective user of a process, as long as there is one; see proc_pid_status(5).
int clinux_process_user(int32_t process, uint32_t *user);
