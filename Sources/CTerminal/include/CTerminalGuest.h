// Doors to a program that runs on a pseudo-terminal of this process. Included by CTerminal.h.
#pragma once
#include <stdint.h>

/// The most words, and the most variables, that a guest is given.
#define CTERMINAL_WORDS_MAX 64

/// Starts a program, found along PATH, in a session of its own that the line controls. Words and
/// variables follow one another, each with its ending zero; the guest has no other variables. Its
/// process, or -1.
int cterminal_start_guest(
  int outside, const char *words, int word_count, const char *variables, int variable_count);
/// 1 once the guest has ended, with its exit code, or 128 and the signal that ended it; 0 before.
int cterminal_guest_ended(int process, int *code);
/// Sends a signal to a guest.
int cterminal_signal_guest(int process, int signal);
/// Ends a guest that still runs, and waits for its end.
void cterminal_end_guest(int process);
