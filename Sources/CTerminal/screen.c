// The bodies of the doors to ncurses. Its globals (stdscr, LINES, COLORS) and macros (A_BOLD) cannot
// be reached from Swift; here they become calls and constants.
//
// Curses writes to a descriptor and waits when that is full, so it gets a file in memory and never
// the terminal: an update fills the file, the caller takes the bytes. It takes widths from the
// thread's locale, so each door sets the screen's locale and puts the thread's back. It keeps much in
// globals, and a new size changes the windows of every screen there is: so there is one at a time,
// and whoever opens another waits until the first is closed.
#define _GNU_SOURCE 1
#define NCURSES_WIDECHAR 1
#include "CTerminal.h"
#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>
// <term.h> makes a macro of every capability, common words included.
#undef columns

#define SAME(ours, theirs) _Static_assert((unsigned)(ours) == (unsigned)(theirs), #ours)
SAME(CTERMINAL_UNDERLINE, A_UNDERLINE);
SAME(CTERMINAL_REVERSE, A_REVERSE);
SAME(CTERMINAL_BLINK, A_BLINK);
SAME(CTERMINAL_DIM, A_DIM);
SAME(CTERMINAL_BOLD, A_BOLD);
SAME(CTERMINAL_ITALIC, A_ITALIC);
SAME(CTERMINAL_SCALARS_MAX, CCHARW_MAX);
_Static_assert(sizeof(wchar_t) == sizeof(uint32_t), "a wide character is a scalar");

struct cterminal_screen {
  SCREEN *curses;
  FILE *memory;
  locale_t locale;
  int has_colours;
  int has_own_colours;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t unicode_locale, plain_locale;
// Free while no screen is open.
static sem_t place;

static void prepare(void) {
  sem_init(&place, 0, 1);
  plain_locale = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
  unicode_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
  if (!unicode_locale) unicode_locale = newlocale(LC_CTYPE_MASK, "en_US.UTF-8", (locale_t)0);
  if (!unicode_locale) unicode_locale = plain_locale;
}

static locale_t enter(const cterminal_screen *screen) {
  return uselocale(screen->locale);
}

static void leave(locale_t before) { uselocale(before); }

int cterminal_width(uint32_t scalar) {
  pthread_once(&once, prepare);
  locale_t before = uselocale(unicode_locale);
  int width = wcwidth((wchar_t)scalar);
  uselocale(before);
  return width;
}

static void give_back(cterminal_screen *screen) {
  if (screen->memory) fclose(screen->memory);
  free(screen);
  sem_post(&place);
}

static int forget_output(const cterminal_screen *screen) {
  int file = fileno(screen->memory);
  return lseek(file, 0, SEEK_SET) == 0 && ftruncate(file, 0) == 0;
}

// newterm takes signals over that are not curses' to handle here.
static SCREEN *open_curses(const char *terminal, FILE *memory) {
  static const int taken[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
  enum { count = sizeof taken / sizeof *taken };
  struct sigaction before[count];
  for (int i = 0; i < count; i++) sigaction(taken[i], NULL, &before[i]);
  SCREEN *screen = newterm(terminal, memory, memory);
  for (int i = 0; i < count; i++) sigaction(taken[i], &before[i], NULL);
  return screen;
}

static int can_show(void) {
  // What newterm accepts and no screen can be drawn on: dumb, hard copy.
  return cursor_address && clear_screen;
}

cterminal_screen *cterminal_open(const char *terminal, int unicode, int rows, int columns) {
  pthread_once(&once, prepare);
  while (sem_wait(&place) && errno == EINTR) {}
  cterminal_screen *screen = calloc(1, sizeof *screen);
  if (!screen) {
    sem_post(&place);
    return NULL;
  }
  screen->locale = unicode ? unicode_locale : plain_locale;
  int file = memfd_create("screen", MFD_CLOEXEC);
  if (file >= 0 && !(screen->memory = fdopen(file, "w+"))) close(file);
  if (!screen->memory) {
    give_back(screen);
    return NULL;
  }
  locale_t before = enter(screen);
  screen->curses = open_curses(terminal, screen->memory);
  if (!screen->curses) {
    leave(before);
    give_back(screen);
    return NULL;
  }
  set_term(screen->curses);
  int usable = can_show();
  screen->has_colours = usable && has_colors() && start_color() == OK;
  screen->has_own_colours = screen->has_colours && use_default_colors() == OK;
  // Curses would look for keys in the middle of an update; the caller's loop does that.
  typeahead(-1);
  nonl();
  leaveok(stdscr, FALSE);
  idlok(stdscr, TRUE);
  usable = usable && resize_term(rows, columns) == OK;
  // What was produced so far was for the size in the database.
  endwin();
  clearok(curscr, TRUE);
  usable = usable && forget_output(screen);
  leave(before);
  if (usable) return screen;
  cterminal_close(screen);
  return NULL;
}

void cterminal_close(cterminal_screen *screen) {
  locale_t before = enter(screen);
  endwin();
  delscreen(screen->curses);
  leave(before);
  give_back(screen);
}

void cterminal_leave(cterminal_screen *screen) {
  locale_t before = enter(screen);
  endwin();
  clearok(curscr, TRUE);
  forget_output(screen);
  leave(before);
}

int cterminal_resize(cterminal_screen *screen, int rows, int columns) {
  locale_t before = enter(screen);
  int done = resize_term(rows, columns) == OK;
  leave(before);
  return done;
}

int cterminal_flag(cterminal_screen *screen, const char *capability) {
  locale_t before = enter(screen);
  int flag = tigetflag(capability) > 0;
  leave(before);
  return flag;
}

int cterminal_number(cterminal_screen *screen, const char *capability) {
  locale_t before = enter(screen);
  int number = tigetnum(capability);
  leave(before);
  return number < 0 ? -1 : number;
}

const char *cterminal_text(cterminal_screen *screen, const char *capability) {
  locale_t before = enter(screen);
  char *text = tigetstr(capability);
  leave(before);
  return text == (char *)-1 ? NULL : text;
}

int cterminal_moving_text(
  cterminal_screen *screen, int row, int column, uint8_t *text, size_t text_max) {
  locale_t before = enter(screen);
  const char *moving = tiparm(cursor_address, row, column);
  int fits = moving && strlen(moving) < text_max;
  if (fits) strcpy((char *)text, moving);
  leave(before);
  return fits;
}

int cterminal_colour_count(cterminal_screen *screen) {
  locale_t before = enter(screen);
  int count = screen->has_colours ? COLORS : 0;
  leave(before);
  return count;
}

int cterminal_pair_count(cterminal_screen *screen) {
  locale_t before = enter(screen);
  int count = screen->has_colours ? COLOR_PAIRS : 0;
  leave(before);
  return count;
}

int cterminal_has_own_colours(cterminal_screen *screen) { return screen->has_own_colours; }

int cterminal_has_indexed_colours(cterminal_screen *screen) {
  locale_t before = enter(screen);
  const char *chosen = set_a_foreground ? tiparm(set_a_foreground, 123) : NULL;
  int indexed = chosen && strcmp(chosen, "\033[38;5;123m") == 0;
  leave(before);
  return indexed;
}

int cterminal_pair(cterminal_screen *screen, int foreground, int background) {
  // alloc_pair reads a table that exists only where there are colours.
  if (!screen->has_colours) return -1;
  locale_t before = enter(screen);
  int pair = alloc_pair(foreground, background);
  leave(before);
  return pair;
}

static int put(int row, int column, const cterminal_cell *cells, int count) {
  enum { run = 64 };
  cchar_t wide[run];
  int at = 0;
  while (at < count && column < COLS) {
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
  }
  return 1;
}

int cterminal_put(
  cterminal_screen *screen, int row, int column, const cterminal_cell *cells, int count) {
  locale_t before = enter(screen);
  int done = put(row, column, cells, count);
  leave(before);
  return done;
}

int cterminal_move_cursor(cterminal_screen *screen, int row, int column) {
  locale_t before = enter(screen);
  int done = move(row, column) == OK;
  leave(before);
  return done;
}

int cterminal_show_cursor(cterminal_screen *screen, int shown) {
  locale_t before = enter(screen);
  int done = curs_set(shown ? 1 : 0) != ERR;
  leave(before);
  return done;
}

int cterminal_redraw(cterminal_screen *screen) {
  locale_t before = enter(screen);
  int done = clearok(curscr, TRUE) == OK;
  leave(before);
  return done;
}

int64_t cterminal_update(cterminal_screen *screen) {
  locale_t before = enter(screen);
  int done = wnoutrefresh(stdscr) == OK && doupdate() == OK;
  leave(before);
  return done ? (int64_t)lseek(fileno(screen->memory), 0, SEEK_END) : -1;
}

int64_t cterminal_take(cterminal_screen *screen, uint8_t *bytes, size_t bytes_max) {
  int64_t count = pread(fileno(screen->memory), bytes, bytes_max, 0);
  return forget_output(screen) ? count : -1;
}
