// Typed doors to the terminal: ncurses with wide characters in screen.c, the line discipline in
// line.c, what outlives this process's good conduct in rescue.c, programs on a line of ours in guest.c.
// Unless said otherwise, a door answers 1 when it was done and 0 when it was not.
#pragma once
#include "CTerminalGuest.h"
#include "CTerminalRescue.h"
#include <stddef.h>
#include <stdint.h>

/// The most scalars of one cell: a base and what combines with it.
#define CTERMINAL_SCALARS_MAX 5

/// Looks of a cell, in curses' own bits.
typedef enum {
  CTERMINAL_PLAIN = 0,
  CTERMINAL_UNDERLINE = 1 << 17,
  CTERMINAL_REVERSE = 1 << 18,
  CTERMINAL_BLINK = 1 << 19,
  CTERMINAL_DIM = 1 << 20,
  CTERMINAL_BOLD = 1 << 21,
  CTERMINAL_ITALIC = 1u << 31,
} cterminal_attribute;

/// One cell: its scalars up to the first 0, its look, its pair of colours.
typedef struct {
  uint32_t scalars[CTERMINAL_SCALARS_MAX];
  uint32_t attributes;
  int32_t pair;
} cterminal_cell;

typedef struct cterminal_screen cterminal_screen;

/// How many columns the scalar takes by curses' own table; -1 when it cannot be shown.
int cterminal_width(uint32_t scalar);

/// Opens a screen of a kind of terminal; null when the kind is not known or cannot move its cursor.
/// It has no terminal yet: what curses would send is kept in memory until it is taken. `unicode` 0
/// takes ASCII alone. One is open at a time: this waits until the one before is closed.
cterminal_screen *cterminal_open(const char *terminal, int unicode, int rows, int columns);
/// Gives everything back; nothing is sent.
void cterminal_close(cterminal_screen *screen);
/// Forgets that the screen was entered: the next update enters it again and draws everything.
void cterminal_leave(cterminal_screen *screen);
/// Takes over a new size.
int cterminal_resize(cterminal_screen *screen, int rows, int columns);

/// A capability of the terminal database: a flag, a number (-1 absent), a text (null absent).
int cterminal_flag(cterminal_screen *screen, const char *capability);
int cterminal_number(cterminal_screen *screen, const char *capability);
const char *cterminal_text(cterminal_screen *screen, const char *capability);
/// The text that moves the cursor there, copied with its ending zero; 0 where it does not fit.
int cterminal_moving_text(
  cterminal_screen *screen, int row, int column, uint8_t *text, size_t text_max);

/// How many colours and pairs there are; 0 without colours.
int cterminal_colour_count(cterminal_screen *screen);
int cterminal_pair_count(cterminal_screen *screen);
/// 1 when the terminal's own foreground and background can be asked for.
int cterminal_has_own_colours(cterminal_screen *screen);
/// 1 when colours are chosen by `CSI 38;5;NUMBER m` and its like.
int cterminal_has_indexed_colours(cterminal_screen *screen);
/// The pair of two colours, -1 being the terminal's own; -1 when there is none left.
int cterminal_pair(cterminal_screen *screen, int foreground, int background);

/// Writes cells from a position on, as far as the row goes.
int cterminal_put(
  cterminal_screen *screen, int row, int column, const cterminal_cell *cells, int count);
int cterminal_move_cursor(cterminal_screen *screen, int row, int column);
int cterminal_show_cursor(cterminal_screen *screen, int shown);
/// Makes the next update draw everything.
int cterminal_redraw(cterminal_screen *screen);
/// Produces what differs from what the terminal shows; how many bytes wait to be taken, -1 when it
/// was not done.
int64_t cterminal_update(cterminal_screen *screen);
/// Takes what waits, at most `bytes_max` bytes of it from the first on; the rest is forgotten. How
/// many, -1 when they could not be read.
int64_t cterminal_take(cterminal_screen *screen, uint8_t *bytes, size_t bytes_max);

/// Opens a pseudo-terminal of this size: what is written `outside` is typed on `inside`.
int cterminal_open_line(int rows, int columns, int *outside, int *inside);
int cterminal_is_terminal(int descriptor);
/// Opens the terminal behind the descriptor anew, so that what is set for this opening (never to
/// wait) is not set for the shell's; -1 when the terminal cannot be found.
int cterminal_open_anew(int descriptor);
int cterminal_window_size(int descriptor, int *rows, int *columns);
int cterminal_set_window_size(int descriptor, int rows, int columns);
/// How many bytes the modes of a line take.
size_t cterminal_modes_size(void);
/// Copies the modes of the line into `modes`.
int cterminal_save_modes(int descriptor, uint8_t *modes);
/// Puts saved modes back, from a background process too.
int cterminal_restore_modes(int descriptor, const uint8_t *modes);
/// No echo, no lines, no signals, bytes as they come. In the background the kernel stops the process
/// here until it is in the foreground.
int cterminal_make_raw(int descriptor);
/// Forgets what was typed and not read yet.
void cterminal_forget_typed(int descriptor);

/// Writes what the terminal takes now: how many bytes, 0 none, -1 it is gone.
int64_t cterminal_write(int descriptor, const uint8_t *bytes, size_t count);
/// Reads what was typed: how many bytes, 0 none yet, -1 the terminal is gone.
int64_t cterminal_read(int descriptor, uint8_t *bytes, size_t count);
/// Closes a descriptor.
void cterminal_close_descriptor(int descriptor);

/// A descriptor that wakes whoever waits with it.
int cterminal_wake_descriptor(void);
/// Wakes who waits, now or the next time, once.
void cterminal_wake(int descriptor);
/// Takes back a wake; 1 when there was one.
int cterminal_take_wake(int descriptor);

enum {
  CTERMINAL_READABLE = 1,
  CTERMINAL_WRITABLE = 2,
  CTERMINAL_WOKEN = 4,
  CTERMINAL_SIGNALLED = 8,
};
/// Sleeps until the line can be read (or written, when asked), until woken, until a signal that is
/// watched for, or for so long; a negative time is for ever. What it was, as a set; 0 for the time.
int cterminal_wait(int line, int for_writing, int wake, int64_t nanoseconds);
