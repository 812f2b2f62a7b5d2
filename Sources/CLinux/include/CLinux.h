// Typed doors to Linux calls that Swift cannot reach: variadics, macros and GNU extensions.
// Every function keeps the kernel's convention: -1 and errno on failure.
#pragma once
#include "CLinuxFiles.h"
#include "CLinuxWatch.h"
#include <stddef.h>
#include <stdint.h>

#include "CLinuxProcess.h"
#include "CLinuxSockets.h"

/// Names the calling thread; the kernel keeps 15 bytes.
int clinux_name_thread(const char *name);
/// Fills all of `bytes` from the kernel's generator, however often it is interrupted.
int clinux_fill_random(void *bytes, size_t count);
/// Makes the condition variable count timeouts on the monotonic clock.
int clinux_init_monotonic_condition(void *condition);
/// Nanoseconds of processor time this thread has used, for measurements.
int64_t clinux_thread_cpu_nanoseconds(void);
