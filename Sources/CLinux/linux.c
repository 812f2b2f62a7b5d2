// The bodies of the doors in CLinux.h. GNU-only calls need _GNU_SOURCE, which the importer lacks.
#define _GNU_SOURCE 1
#include "CLinux.h"
#include <errno.h>
#include <pthread.h>
#include <sys/random.h>
#include <time.h>

int clinux_name_thread(const char *name) { return pthread_setname_np(pthread_self(), name); }

int clinux_fill_random(void *bytes, size_t count) {
  uint8_t *at = bytes;
  while (count > 0) {
    ssize_t got = getrandom(at, count, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    at += got;
    count -= (size_t)got;
  }
  return 0;
}

int clinux_init_monotonic_condition(void *condition) {
  pthread_condattr_t attributes;
  int failed = pthread_condattr_init(&attributes);
  if (failed) return failed;
  failed = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  if (!failed) failed = pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
  return failed;
}

int64_t clinux_thread_cpu_nanoseconds(void) {
  struct timespec used;
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used)) return -1;
  return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}
