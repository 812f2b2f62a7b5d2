// What a thread was told of a cold file's identity. A program that looks at a file, opens it and looks
// again (cp, tar, install) takes it for another one when its inode or its time of change is not the
// same; and a file that was brought in between has a new inode. So the inode and the time that were
// told first are told on, to this thread, for as long as size and modification are what was told too.
// Once they differ, or 64 others were told of, the truth is.
#include "shim.h"

#include <string.h>

ino_t told_inode(struct name_hash name) {
  // Above what file systems give out, and never zero.
  return (ino_t)((name.high >> 2) | (uint64_t)1 << 62);
}

void told_add(struct memory *memory, struct name_hash name, const struct known *known) {
  unsigned at = 0;
  while (at < memory->told_count && memcmp(&memory->told[at].name, &name, sizeof name)) at++;
  if (at == memory->told_count) {
    at = memory->told_next;
    memory->told_next = (at + 1) % told_max;
    if (memory->told_count < told_max) memory->told_count++;
  }
  memory->told[at].name = name;
  memory->told[at].known = *known;
  memory->told[at].told = told_inode(name);
  memory->told[at].real = 0;
}

static int matches(const struct known *known, const struct stat *real) {
  return known->size == (uint64_t)real->st_size && known->mode == real->st_mode &&
         known->modified.tv_sec == real->st_mtim.tv_sec &&
         known->modified.tv_nsec == real->st_mtim.tv_nsec;
}

void told_join(struct memory *memory, struct name_hash name, const struct stat *real) {
  if (real->st_dev != settings.root.st_dev) return;
  for (unsigned at = 0; at < memory->told_count; at++)
    if (!memcmp(&memory->told[at].name, &name, sizeof name)) memory->told[at].real = real->st_ino;
}

void told_retell(const struct memory *memory, struct stat *status) {
  if (status->st_dev != settings.root.st_dev) return;
  for (unsigned at = 0; at < memory->told_count; at++) {
    if (memory->told[at].real != status->st_ino || !matches(&memory->told[at].known, status))
      continue;
    status->st_ino = memory->told[at].told;
    status->st_ctim = memory->told[at].known.modified;
    return;
  }
}
