// The bodies of the doors in CTerminalGuest.h. The guest opens the line by its name as the leader of
// a new session, and so gets it as its controlling terminal.
#define _GNU_SOURCE 1
#include "CTerminal.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// Texts in one piece as a list that ends with a null pointer; 0 when there are too many.
static int split(const char *texts, int count, char **list) {
  if (count < 0 || count > CTERMINAL_WORDS_MAX) return 0;
  for (int i = 0; i < count; i++, texts += strlen(texts) + 1) list[i] = (char *)texts;
  list[count] = NULL;
  return 1;
}

int cterminal_start_guest(
  int outside, const char *words, int word_count, const char *variables, int variable_count) {
  char *arguments[CTERMINAL_WORDS_MAX + 1], *environment[CTERMINAL_WORDS_MAX + 1], name[64];
  if (word_count < 1 || !split(words, word_count, arguments) ||
      !split(variables, variable_count, environment) || ptsname_r(outside, name, sizeof name))
    return -1;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  if (posix_spawn_file_actions_init(&actions)) return -1;
  if (posix_spawnattr_init(&attributes)) {
    posix_spawn_file_actions_destroy(&actions);
    return -1;
  }
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setflags(
    &attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  int failed = posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0);
  for (int stream = 1; !failed && stream <= 2; stream++)
    failed = posix_spawn_file_actions_adddup2(&actions, 0, stream);
  pid_t process = -1;
  if (!failed)
    failed = posix_spawnp(&process, arguments[0], &actions, &attributes, arguments, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return failed ? -1 : process;
}

int cterminal_guest_ended(int process, int *code) {
  int status;
  if (waitpid(process, &status, WNOHANG) != process) return 0;
  *code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return 1;
}

int cterminal_signal_guest(int process, int signal) { return kill(process, signal) == 0; }

void cterminal_end_guest(int process) {
  kill(process, SIGKILL);
  while (waitpid(process, NULL, 0) < 0 && errno == EINTR) {}
}
