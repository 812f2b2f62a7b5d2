// The engine's socket, as docs/formats.md has it under "The shim's protocol": one connection a thread,
// kept between requests, and made again when the engine ended it. Every wait has an end; the one for a
// file that is brought is long, so meanwhile the engine is asked for a sign of life on a connection of
// its own. Whatever else happens there, garbage included, is a silent engine and ends the connection.
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int64_t talk_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// --- Connections

// The inode of a socket; 0 when the number is something else's by now.
static ino_t inode_of(int number) {
  struct stat status;
  if (syscall(SYS_fstat, number, &status) || !S_ISSOCK(status.st_mode)) return 0;
  return status.st_ino;
}

void talk_end(struct memory *memory) {
  if (memory->socket >= 0 && inode_of(memory->socket) == memory->socket_inode)
    close(memory->socket);
  memory->socket = -1;
}

// Moves a descriptor out of the way of programs that count on low numbers.
static int moved_up(int number) {
  int moved = fcntl(number, F_DUPFD_CLOEXEC, descriptor_min);
  if (moved < 0) moved = fcntl(number, F_DUPFD_CLOEXEC, 3);
  close(number);
  return moved;
}

// Where the engine listens. A path that is too long for an address is named through its directory,
// which `directory` receives.
static int engine_address(struct sockaddr_un *address, int *directory) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  size_t count = strlen(settings.socket);
  if (count < sizeof address->sun_path) {
    memcpy(address->sun_path, settings.socket, count);
    return 1;
  }
  char *slash = strrchr(settings.socket, '/');
  char parent[path_bytes_max + 1];
  memcpy(parent, settings.socket, (size_t)(slash - settings.socket) + 1);
  parent[slash - settings.socket + 1] = 0;
  *directory = (int)syscall(SYS_openat, AT_FDCWD, parent, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (*directory < 0) return 0;
  char digits[12], *to = address->sun_path;
  size_t length = 0, name = strlen(slash);
  unsigned number = (unsigned)*directory;
  do digits[length++] = (char)('0' + number % 10);
  while (number /= 10);
  static const char prefix[] = "/proc/self/fd/";
  if (sizeof prefix + length + name > sizeof address->sun_path) return 0;
  memcpy(to, prefix, sizeof prefix - 1);
  to += sizeof prefix - 1;
  while (length) *to++ = digits[--length];
  memcpy(to, slash, name);
  return 1;
}

// A connection to the engine, or -1. One whose queue of connections is full is tried again.
static int connected(int64_t until) {
  int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made < 0) return -1;
  made = moved_up(made);
  if (made < 0) return -1;
  struct sockaddr_un address;
  int directory = -1, joined = -1;
  if (engine_address(&address, &directory)) {
    while ((joined = connect(made, (struct sockaddr *)&address, sizeof address)) < 0) {
      if (errno == EISCONN) joined = 0;
      if (errno != EAGAIN && errno != EINTR) break;
      if (talk_now() >= until) break;
      poll(NULL, 0, 5);
    }
  }
  if (directory >= 0) close(directory);
  if (joined == 0) return made;
  close(made);
  return -1;
}

// --- Lines

// Waits until bytes can go; 0 when the time is over. A child that a signal's handler made in the middle
// of this has no part in the conversation.
static int ready(int socket, short events, int64_t until, pid_t process) {
  while (1) {
    int64_t left = until - talk_now();
    if (left <= 0) return 0;
    struct pollfd waited = {.fd = socket, .events = events};
    int count = poll(&waited, 1, (int)left);
    if (getpid() != process) return 0;
    if (count > 0) return 1;
    if (count < 0 && errno != EINTR) return 0;
  }
}

enum sending { sent_all, sent_slowly, sent_nowhere };

static enum sending sent(int socket, const char *line, size_t count, pid_t process) {
  int64_t until = talk_now() + send_within;
  while (count > 0) {
    ssize_t done = send(socket, line, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done > 0) {
      line += done;
      count -= (size_t)done;
    } else if (done < 0 && errno == EAGAIN) {
      if (!ready(socket, POLLOUT, until, process)) return sent_slowly;
    } else if (done < 0 && errno != EINTR) {
      return sent_nowhere;
    }
  }
  return sent_all;
}

enum hearing { heard, heard_nothing, heard_end, heard_garbage };

// Hears more of one line, which has `*count` bytes so far, until it is whole or the time is over. The
// newline becomes a zero.
static enum hearing hear(int socket, char *line, size_t *count, int64_t until, pid_t process) {
  while (1) {
    ssize_t got = recv(socket, line + *count, answer_bytes_max - *count, MSG_DONTWAIT);
    if (got > 0) {
      *count += (size_t)got;
      char *newline = memchr(line, '\n', *count);
      if (newline) {
        *newline = 0;
        // Nothing more was asked, so nothing more is answered.
        int is_one_line = newline + 1 == line + *count && strlen(line) == *count - 1;
        return is_one_line ? heard : heard_garbage;
      }
      if (*count == answer_bytes_max) return heard_garbage;
    } else if (got == 0) {
      return *count ? heard_garbage : heard_end;
    } else if (errno == EAGAIN) {
      if (!ready(socket, POLLIN, until, process)) return heard_nothing;
    } else if (errno != EINTR) {
      return *count ? heard_garbage : heard_end;
    }
  }
}

// Whether the engine answers anything at all.
static int is_alive(pid_t process) {
  static const char ping[] = "P4CACHE/1 PING\n";
  int64_t until = talk_now() + alive_within;
  int other = connected(until);
  if (other < 0) return 0;
  char line[answer_bytes_max];
  size_t count = 0;
  int lives = sent(other, ping, sizeof ping - 1, process) == sent_all &&
              hear(other, line, &count, until, process) == heard;
  close(other);
  return lives;
}

// Asks the line that is in the memory on the thread's connection, and hears the answer; how long that
// may take depends on what is asked.
static enum hearing exchange(struct memory *memory, size_t asked, int is_fetch) {
  size_t count = 0;
  switch (sent(memory->socket, memory->line, asked, memory->process)) {
    case sent_all: break;
    case sent_slowly: return heard_nothing;
    // Whoever ends a connection may have said why.
    case sent_nowhere: {
      enum hearing hearing = hear(memory->socket, memory->answer, &count, 0, memory->process);
      return hearing == heard ? heard : heard_end;
    }
  }
  int64_t end = talk_now() + (is_fetch ? fetch_within : answer_within);
  while (1) {
    int64_t until = is_fetch ? talk_now() + alive_after : end;
    enum hearing hearing =
      hear(memory->socket, memory->answer, &count, until < end ? until : end, memory->process);
    if (hearing != heard_nothing || !is_fetch || talk_now() >= end) return hearing;
    if (getpid() != memory->process || !is_alive(memory->process)) return heard_nothing;
  }
}

// Asks the line that is in the memory; 1 when an answer is there. An engine may end a connection that
// was silent, so one that was kept is made again once.
static int asked(struct memory *memory, size_t count, int is_fetch) {
  if (talk_now() < memory->quiet_until) return 0;
  enum hearing hearing = heard_end;
  for (int is_kept = 1; is_kept && hearing == heard_end;) {
    if (memory->socket >= 0 && inode_of(memory->socket) != memory->socket_inode)
      memory->socket = -1;
    is_kept = memory->socket >= 0;
    if (!is_kept) {
      int64_t until = talk_now() + connect_within;
      memory->socket = connected(until);
      if (memory->socket < 0) {
        // Where nobody listens is soon known; whoever listens and does not answer costs time.
        if (talk_now() >= until) memory->quiet_until = talk_now() + quiet_for;
        return 0;
      }
      memory->socket_inode = inode_of(memory->socket);
    }
    hearing = exchange(memory, count, is_fetch);
    if (hearing != heard) talk_end(memory);
  }
  if (hearing == heard_nothing) memory->quiet_until = talk_now() + quiet_for;
  return hearing == heard;
}

static size_t put(char *to, const char *text) {
  size_t count = strlen(text);
  memcpy(to, text, count);
  return count;
}

// Asks about the memory's place, again while the engine is busy; what it says is in the answer.
static enum answer ask(struct memory *memory, const char *verb, int is_fetch) {
  size_t count = put(memory->line, "P4CACHE/1 ");
  count += put(memory->line + count, verb);
  count += put(memory->line + count, memory->place);
  memory->line[count++] = '\n';
  int64_t until = talk_now() + busy_within;
  while (1) {
    if (!asked(memory, count, is_fetch)) return answer_silent;
    const char *said = memory->answer;
    if (!strncmp(said, "OK", 2) && (said[2] == ' ' || said[2] == 0)) return answer_done;
    if (!strncmp(said, "ERR busy ", 9)) {
      // Where the connection itself was too many, it is made again.
      if (talk_now() >= until) return answer_silent;
      poll(NULL, 0, busy_pause);
      if (getpid() != memory->process) return answer_silent;
      continue;
    }
    if (!strncmp(said, "ERR not_found ", 14)) return answer_absent;
    if (!strncmp(said, "ERR denied ", 11)) return answer_denied;
    if (!strncmp(said, "ERR ", 4)) return answer_refused;
    talk_end(memory);
    return answer_silent;
  }
}

// --- What answers say

// Reads a number in the base; NULL when there is none.
static const char *number(const char *text, unsigned base, uint64_t *value) {
  const char *start = text;
  uint64_t sum = 0;
  for (; *text >= '0' && *text < (char)('0' + base); text++) {
    unsigned digit = (unsigned)(*text - '0');
    if (sum > (UINT64_MAX - digit) / base) return NULL;
    sum = sum * base + digit;
  }
  *value = sum;
  return text == start ? NULL : text;
}

// Reads a character; NULL when it is another.
static const char *character(const char *text, char wanted) {
  return text && *text == wanted ? text + 1 : NULL;
}

static const char *moment(const char *text, struct timespec *time) {
  int is_before = *text == '-';
  uint64_t seconds, nanoseconds;
  const char *point = number(text + is_before, 10, &seconds);
  const char *end = (text = character(point, '.')) ? number(text, 10, &nanoseconds) : NULL;
  if (!end || end - text != 9 || seconds > INT64_MAX) return NULL;
  time->tv_sec = is_before ? -(int64_t)seconds : (int64_t)seconds;
  time->tv_nsec = (long)nanoseconds;
  return end;
}

static int is_status(const char *text, struct known *known) {
  uint64_t mode = 0;
  memset(known, 0, sizeof *known);
  text = number(text, 10, &known->size);
  if ((text = character(text, ' '))) text = number(text, 8, &mode);
  if ((text = character(text, ' '))) text = moment(text, &known->modified);
  if (!(text = character(text, ' '))) return 0;
  size_t state = strcspn(text, " ");
  known->is_shredded = state == 8 && !memcmp(text, "shredded", 8);
  text += state;
  known->is_hot = !strcmp(text, " hot");
  known->mode = (mode_t)mode;
  int is_kind = S_ISREG(known->mode) || S_ISDIR(known->mode);
  return state && (known->is_hot || !strcmp(text, " cold")) && is_kind && mode <= 0177777 &&
         known->size <= INT64_MAX;
}

// What is not as it should be was not said by an engine.
static enum answer unless_garbage(struct memory *memory, int is_sound) {
  if (is_sound) return answer_done;
  talk_end(memory);
  return answer_silent;
}

enum answer talk_fetch(struct memory *memory) {
  enum answer answer = ask(memory, "FETCH ", 1);
  if (answer != answer_done) return answer;
  uint64_t size;
  const char *text = character(memory->answer + 2, ' ');
  const char *end = text ? number(text, 10, &size) : NULL;
  return unless_garbage(memory, end && !*end);
}

enum answer talk_status(struct memory *memory, struct known *known) {
  enum answer answer = ask(memory, "STAT ", 0);
  if (answer != answer_done) return answer;
  const char *text = character(memory->answer + 2, ' ');
  return unless_garbage(memory, text && is_status(text, known));
}

enum answer talk_delete(struct memory *memory) {
  enum answer answer = ask(memory, "DELETE ", 0);
  if (answer != answer_done) return answer;
  return unless_garbage(memory, !memory->answer[2]);
}
