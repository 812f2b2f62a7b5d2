// The bodies of the doors to ncurses. Its globals (stdscr, LINES, COLORS) and macros (A_BOLD,
// KEY_F, BUTTON1_PRESSED) cannot be reached from Swift; here they become calls and constants.
#define _GNU_SOURCE 1
#define NCURSES_WIDECHAR 1
#include "CTerminal.h"
#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>
// <term.h> makes a macro of every capability, common words included.
#undef columns

#define SAME(ours, theirs) _Static_assert((unsigned)(ours) == (unsigned)(theirs), #ours)
SAME(CTERMINAL_STANDOUT, A_STANDOUT);
SAME(CTERMINAL_UNDERLINE, A_UNDERLINE);
SAME(CTERMINAL_REVERSE, A_REVERSE);
SAME(CTERMINAL_BLINK, A_BLINK);
SAME(CTERMINAL_DIM, A_DIM);
SAME(CTERMINAL_BOLD, A_BOLD);
SAME(CTERMINAL_ITALIC, A_ITALIC);
SAME(CTERMINAL_KEY_DOWN, KEY_DOWN);
SAME(CTERMINAL_KEY_UP, KEY_UP);
SAME(CTERMINAL_KEY_LEFT, KEY_LEFT);
SAME(CTERMINAL_KEY_RIGHT, KEY_RIGHT);
SAME(CTERMINAL_KEY_HOME, KEY_HOME);
SAME(CTERMINAL_KEY_BACKSPACE, KEY_BACKSPACE);
SAME(CTERMINAL_KEY_F0, KEY_F0);
SAME(CTERMINAL_KEY_DELETE, KEY_DC);
SAME(CTERMINAL_KEY_INSERT, KEY_IC);
SAME(CTERMINAL_KEY_SCROLL_DOWN, KEY_SF);
SAME(CTERMINAL_KEY_SCROLL_UP, KEY_SR);
SAME(CTERMINAL_KEY_PAGE_DOWN, KEY_NPAGE);
SAME(CTERMINAL_KEY_PAGE_UP, KEY_PPAGE);
SAME(CTERMINAL_KEY_ENTER, KEY_ENTER);
SAME(CTERMINAL_KEY_PAD_CENTRE, KEY_B2);
SAME(CTERMINAL_KEY_BACK_TAB, KEY_BTAB);
SAME(CTERMINAL_KEY_END, KEY_END);
SAME(CTERMINAL_KEY_SHIFT_LEFT, KEY_SLEFT);
SAME(CTERMINAL_KEY_SHIFT_RIGHT, KEY_SRIGHT);
SAME(CTERMINAL_KEY_MOUSE, KEY_MOUSE);
SAME(CTERMINAL_KEY_RESIZE, KEY_RESIZE);
SAME(CTERMINAL_BUTTON1_RELEASED, BUTTON1_RELEASED);
SAME(CTERMINAL_BUTTON1_PRESSED, BUTTON1_PRESSED);
SAME(CTERMINAL_BUTTON2_RELEASED, BUTTON2_RELEASED);
SAME(CTERMINAL_BUTTON2_PRESSED, BUTTON2_PRESSED);
SAME(CTERMINAL_BUTTON3_RELEASED, BUTTON3_RELEASED);
SAME(CTERMINAL_BUTTON3_PRESSED, BUTTON3_PRESSED);
SAME(CTERMINAL_WHEEL_UP, BUTTON4_PRESSED);
SAME(CTERMINAL_WHEEL_DOWN, BUTTON5_PRESSED);
SAME(CTERMINAL_MOUSE_CONTROL, BUTTON_CTRL);
SAME(CTERMINAL_MOUSE_SHIFT, BUTTON_SHIFT);
SAME(CTERMINAL_MOUSE_ALT, BUTTON_ALT);
SAME(CTERMINAL_MOUSE_MOVED, REPORT_MOUSE_POSITION);
SAME(CTERMINAL_SCALARS_MAX, CCHARW_MAX);
_Static_assert(sizeof(wchar_t) == sizeof(uint32_t), "a wide character is a scalar");

struct cterminal_screen {
  SCREEN *curses;
  FILE *input;
  FILE *output;
};

int cterminal_use_locale(void) {
  setlocale(LC_CTYPE, "");
  return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int cterminal_width(uint32_t scalar) { return wcwidth((wchar_t)scalar); }

int cterminal_knows(const char *terminal) {
  // setupterm replaces the terminal in use, so that one is put back.
  TERMINAL *current = cur_term;
  int answer = -1;
  if (setupterm(terminal, STDERR_FILENO, &answer) == OK) {
    TERMINAL *probed = set_curterm(current);
    if (probed != current) del_curterm(probed);
    return 1;
  }
  set_curterm(current);
  // Generic and hard-copy terminals answer 0 as unknown ones do: no screen can be drawn on either.
  return answer < 0 ? -1 : 0;
}

static void give_back(cterminal_screen *screen) {
  if (screen->input) fclose(screen->input);
  if (screen->output) fclose(screen->output);
  free(screen);
}

static FILE *copy_of(int descriptor, const char *mode) {
  int copy = dup(descriptor);
  if (copy < 0) return NULL;
  FILE *file = fdopen(copy, mode);
  if (!file) close(copy);
  return file;
}

cterminal_screen *cterminal_open(const char *terminal, int input, int output) {
  cterminal_screen *screen = calloc(1, sizeof *screen);
  if (!screen) return NULL;
  screen->input = copy_of(input, "r");
  screen->output = copy_of(output, "w");
  if (screen->input && screen->output)
    screen->curses = newterm(terminal, screen->output, screen->input);
  if (!screen->curses) {
    give_back(screen);
    return NULL;
  }
  set_term(screen->curses);
  return screen;
}

void cterminal_close(cterminal_screen *screen) {
  set_term(screen->curses);
  endwin();
  delscreen(screen->curses);
  give_back(screen);
}

void cterminal_suspend(void) {
  def_prog_mode();
  endwin();
}

void cterminal_resume(void) {
  reset_prog_mode();
  clearok(curscr, TRUE);
}

int cterminal_begin_keys(int raw_keys, int escape_delay_milliseconds) {
  set_escdelay(escape_delay_milliseconds);
  int failed = (raw_keys ? raw() : cbreak()) == ERR || noecho() == ERR || nonl() == ERR;
  failed |= keypad(stdscr, TRUE) == ERR || nodelay(stdscr, TRUE) == ERR;
  intrflush(stdscr, FALSE);
  meta(stdscr, TRUE);
  // Curses would look for keys in the middle of an update; the caller's loop does that.
  typeahead(-1);
  return !failed;
}

int cterminal_rows(void) { return LINES; }
int cterminal_columns(void) { return COLS; }
int cterminal_resize(int rows, int columns) { return resizeterm(rows, columns) == OK; }
int cterminal_flag(const char *capability) { return tigetflag(capability) > 0; }

int cterminal_number(const char *capability) {
  int number = tigetnum(capability);
  return number < 0 ? -1 : number;
}

const char *cterminal_text(const char *capability) {
  char *text = tigetstr(capability);
  return text == (char *)-1 ? NULL : text;
}

int cterminal_begin_colours(void) {
  if (!has_colors() || start_color() == ERR) return 0;
  use_default_colors();
  return 1;
}

int cterminal_colour_count(void) { return has_colors() ? COLORS : 0; }
int cterminal_pair_count(void) { return has_colors() ? COLOR_PAIRS : 0; }

int cterminal_pair(int foreground, int background) {
  // alloc_pair reads a table that exists only where there are colours.
  return has_colors() ? alloc_pair(foreground, background) : -1;
}

int cterminal_put(int row, int column, const cterminal_cell *cells, int count) {
  enum { run = 64 };
  cchar_t wide[run];
  int at = 0;
  while (at < count) {
    int filled = 0;
    int width = 0;
    for (; filled < run && at + filled < count; filled++) {
      const cterminal_cell *cell = &cells[at + filled];
      wchar_t text[CTERMINAL_SCALARS_MAX + 1] = {0};
      for (int i = 0; i < CTERMINAL_SCALARS_MAX && cell->scalars[i]; i++)
        text[i] = (wchar_t)cell->scalars[i];
      int pair = cell->pair;
      if (setcchar(&wide[filled], text, cell->attributes, 0, &pair) == ERR) return 0;
      int columns = wcwidth(text[0]);
      width += columns > 0 ? columns : 1;
    }
    if (mvadd_wchnstr(row, column, wide, filled) == ERR) return 0;
    at += filled;
    column += width;
    if (column >= COLS) break;
  }
  return 1;
}

int cterminal_erase(void) { return erase() == OK; }
int cterminal_move_cursor(int row, int column) { return move(row, column) == OK; }
int cterminal_show_cursor(int shown) { return curs_set(shown ? 1 : 0) != ERR; }
int cterminal_redraw(void) { return clearok(curscr, TRUE) == OK; }
int cterminal_update(void) { return wnoutrefresh(stdscr) == OK && doupdate() == OK; }
int cterminal_ring(void) { return beep() == OK; }

int cterminal_read_key(uint32_t *key) {
  wint_t read = 0;
  int kind = get_wch(&read);
  *key = (uint32_t)read;
  return kind == OK ? 1 : kind == KEY_CODE_YES ? 2 : 0;
}

int cterminal_define_key(const char *sequence, int code) {
  return define_key(sequence, code) == OK;
}

int cterminal_use_mouse(int on) {
  mouseinterval(0);
  return mousemask(on ? ALL_MOUSE_EVENTS | REPORT_MOUSE_POSITION : 0, NULL) != 0 || !on;
}

int cterminal_read_mouse(cterminal_mouse *mouse) {
  MEVENT event;
  if (getmouse(&event) == ERR) return 0;
  *mouse = (cterminal_mouse){event.y, event.x, (uint32_t)event.bstate};
  return 1;
}
