// Typed doors to the terminal: ncurses with wide characters in screen.c, the line discipline in
// line.c. One screen is open at a time and one thread uses it. Unless said otherwise, a door
// answers 1 when it was done and 0 when it was not.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// The most scalars of one cell: a base and what combines with it.
#define CTERMINAL_SCALARS_MAX 5

/// Looks of a cell, in curses' own bits.
typedef enum {
  CTERMINAL_PLAIN = 0,
  CTERMINAL_STANDOUT = 1 << 16,
  CTERMINAL_UNDERLINE = 1 << 17,
  CTERMINAL_REVERSE = 1 << 18,
  CTERMINAL_BLINK = 1 << 19,
  CTERMINAL_DIM = 1 << 20,
  CTERMINAL_BOLD = 1 << 21,
  CTERMINAL_ITALIC = 1u << 31,
} cterminal_attribute;

/// Keys that are no character. Function key n is CTERMINAL_KEY_F0 + n.
enum {
  CTERMINAL_KEY_DOWN = 0402,
  CTERMINAL_KEY_UP = 0403,
  CTERMINAL_KEY_LEFT = 0404,
  CTERMINAL_KEY_RIGHT = 0405,
  CTERMINAL_KEY_HOME = 0406,
  CTERMINAL_KEY_BACKSPACE = 0407,
  CTERMINAL_KEY_F0 = 0410,
  CTERMINAL_KEY_DELETE = 0512,
  CTERMINAL_KEY_INSERT = 0513,
  CTERMINAL_KEY_SCROLL_DOWN = 0520,
  CTERMINAL_KEY_SCROLL_UP = 0521,
  CTERMINAL_KEY_PAGE_DOWN = 0522,
  CTERMINAL_KEY_PAGE_UP = 0523,
  CTERMINAL_KEY_ENTER = 0527,
  CTERMINAL_KEY_PAD_CENTRE = 0536,
  CTERMINAL_KEY_BACK_TAB = 0541,
  CTERMINAL_KEY_END = 0550,
  CTERMINAL_KEY_SHIFT_LEFT = 0611,
  CTERMINAL_KEY_SHIFT_RIGHT = 0622,
  CTERMINAL_KEY_MOUSE = 0631,
  CTERMINAL_KEY_RESIZE = 0632,
};

/// What a mouse did, in curses' own bits.
enum {
  CTERMINAL_BUTTON1_RELEASED = 1,
  CTERMINAL_BUTTON1_PRESSED = 1 << 1,
  CTERMINAL_BUTTON2_RELEASED = 1 << 5,
  CTERMINAL_BUTTON2_PRESSED = 1 << 6,
  CTERMINAL_BUTTON3_RELEASED = 1 << 10,
  CTERMINAL_BUTTON3_PRESSED = 1 << 11,
  CTERMINAL_WHEEL_UP = 1 << 16,
  CTERMINAL_WHEEL_DOWN = 1 << 21,
  CTERMINAL_MOUSE_CONTROL = 1 << 25,
  CTERMINAL_MOUSE_SHIFT = 1 << 26,
  CTERMINAL_MOUSE_ALT = 1 << 27,
  CTERMINAL_MOUSE_MOVED = 1 << 28,
};

/// One cell: its scalars up to the first 0, its look, its pair of colours.
typedef struct {
  uint32_t scalars[CTERMINAL_SCALARS_MAX];
  uint32_t attributes;
  int32_t pair;
} cterminal_cell;

/// Where the mouse is and what it did.
typedef struct {
  int row;
  int column;
  uint32_t did;
} cterminal_mouse;

typedef struct cterminal_screen cterminal_screen;

/// Takes characters from the environment's locale; 1 when that is UTF-8.
int cterminal_use_locale(void);
/// How many columns the scalar takes by curses' own table; -1 when it cannot be shown.
int cterminal_width(uint32_t scalar);
/// 1 when the terminal database knows the terminal, 0 when not, -1 when there is no database.
int cterminal_knows(const char *terminal);

/// Opens the screen on these descriptors, which stay the caller's; null when the terminal is not
/// known or cannot move its cursor.
cterminal_screen *cterminal_open(const char *terminal, int input, int output);
/// Leaves the screen, restores the line's modes and gives everything back.
void cterminal_close(cterminal_screen *screen);
/// Leaves the screen for a while, for a shell or a stop.
void cterminal_suspend(void);
/// Comes back from cterminal_suspend() and has everything drawn anew.
void cterminal_resume(void);
/// Prepares reading keys one by one, unechoed, without waiting. `raw` 1 takes ^C, ^Z and ^S too.
int cterminal_begin_keys(int raw, int escape_delay_milliseconds);

int cterminal_rows(void);
int cterminal_columns(void);
/// Takes over a new size.
int cterminal_resize(int rows, int columns);
/// A capability of the terminal database: a flag, a number (-1 absent), a text (null absent).
int cterminal_flag(const char *capability);
int cterminal_number(const char *capability);
const char *cterminal_text(const char *capability);

/// Prepares colours over the terminal's own background; 0 when it has none.
int cterminal_begin_colours(void);
/// How many colours and pairs there are; 0 without colours.
int cterminal_colour_count(void);
int cterminal_pair_count(void);
/// The pair of two colours, -1 being the terminal's own; -1 when there is none left.
int cterminal_pair(int foreground, int background);

/// Writes cells from a position on, as far as the row goes.
int cterminal_put(int row, int column, const cterminal_cell *cells, int count);
/// Blanks every cell.
int cterminal_erase(void);
int cterminal_move_cursor(int row, int column);
int cterminal_show_cursor(int shown);
/// Makes the next update draw everything.
int cterminal_redraw(void);
/// Sends what differs from what the terminal shows, in one go.
int cterminal_update(void);
/// Rings; or flashes where there is no bell.
int cterminal_ring(void);

/// The next key without waiting: 0 none, 1 a scalar, 2 a key from the table above.
int cterminal_read_key(uint32_t *key);
/// Has a byte sequence read as a key; a code of 0 forgets it.
int cterminal_define_key(const char *sequence, int code);
/// Asks the terminal to report the mouse, or not to.
int cterminal_use_mouse(int on);
/// What the mouse did, after CTERMINAL_KEY_MOUSE.
int cterminal_read_mouse(cterminal_mouse *mouse);

/// Opens a pseudo-terminal of this size: what is written `outside` is typed on `inside`.
int cterminal_open_line(int rows, int columns, int *outside, int *inside);
int cterminal_is_terminal(int descriptor);
int cterminal_window_size(int descriptor, int *rows, int *columns);
int cterminal_set_window_size(int descriptor, int rows, int columns);
/// How many bytes the modes of a line take.
size_t cterminal_modes_size(void);
/// Copies the modes of the line into `modes`.
int cterminal_save_modes(int descriptor, uint8_t *modes);
/// Puts saved modes back, from a background process too.
int cterminal_restore_modes(int descriptor, const uint8_t *modes);
/// No echo, no lines, no signals, bytes as they come.
int cterminal_make_raw(int descriptor);
