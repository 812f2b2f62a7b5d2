// Doors to what a process is born with: its standard descriptors, the terminal behind them, and to
// starting another one.
#pragma once
#include <stdint.h>

/// How many columns the terminal behind the descriptor has; -1 when there is none.
int clinux_terminal_columns(int descriptor);
/// Fills each standard descriptor that is closed with one that refuses to be used, so that no file
/// opened later takes its number and receives what was meant for a person. See open(2).
int clinux_hold_standard_descriptors(void);
/// How many processors this process may run on; -1 when the kernel does not say.
int clinux_processors(void);
/// Lets the process open as many files as it may; the number, or -1. See setrlimit(2), RLIMIT_NOFILE.
int64_t clinux_raise_open_files(void);
/// The most words of a program that is started.
enum { CLINUX_WORDS_MAX = 64 };
/// Starts a program found along PATH; `words` are its name and arguments, each ending with a zero.
/// It reads nothing; what it says on either stream comes out of the descriptor that `output`
/// receives. Returns its process number. See posix_spawn(3).
int clinux_start_program(const char *words, int count, int *output);
/// Leaves a program to be run when this process has ended, however it ended, or when the descriptor that
/// `pipe_end` receives is closed; `words` are its path and arguments, each ending with a zero. A process
/// that holds nothing open and is no child of ours waits for that. See fork(2).
int clinux_leave_will(const char *words, int count, int *pipe_end);
/// Has the program not run, and closes the descriptor.
void clinux_revoke_will(int pipe_end);
