// Doors to what gives a terminal back however this process ends, and to the signals that a terminal
// and its owner send. There is one terminal a process here, for signals are the process's.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// The most bytes of the text that leaves a screen.
enum { CTERMINAL_LEAVING_MAX = 512 };
/// The most bytes of standard error that are held back; what comes behind them is refused.
enum { CTERMINAL_HELD_MAX = 65536 };

enum {
  CTERMINAL_INTERRUPTED = 1,
  CTERMINAL_TERMINATED = 2,
  CTERMINAL_HUNG_UP = 4,
  CTERMINAL_STOP_ASKED = 8,
  CTERMINAL_CONTINUED = 16,
  CTERMINAL_RESIZED = 32,
};

/// Begins to watch for the signals above, where they were not ignored.
int cterminal_watch_signals(void);
/// Gives the signals their old meaning back.
void cterminal_ignore_signals(void);
/// Which signals came since the last call, as a set.
int cterminal_take_signals(void);
/// Stops the process and those it was started together with, as the terminal's own key would.
void cterminal_stop(void);

/// Prepares the rescue of a line whose modes were saved: a guard process that restores it when this
/// process ends without a word, and handlers that restore it before a crash is reported. Nothing is
/// rescued before cterminal_arm(). 0 when the machine has no process left, or there is a rescue
/// already.
int cterminal_begin_rescue(int line, const uint8_t *modes);
/// From now on a sudden end sends this text, which leaves the screen, and restores the modes.
/// Calling again replaces the text.
void cterminal_arm(const uint8_t *leaving, size_t count);
/// From now on nothing needs to be rescued.
void cterminal_disarm(void);
/// Ends the guard and puts the old handlers back.
void cterminal_end_rescue(void);

/// Holds back what is said on standard error while it would spoil the screen.
int cterminal_hold_errors(void);
/// Gives standard error back and says what was held.
void cterminal_release_errors(void);
/// How many bytes are held back.
int64_t cterminal_held_errors(void);
