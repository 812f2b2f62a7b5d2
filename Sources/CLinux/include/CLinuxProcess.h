// Doors to what a process is born with: its standard descriptors and the terminal behind them.
#pragma once

/// How many columns the terminal behind the descriptor has; -1 when there is none.
int clinux_terminal_columns(int descriptor);
/// Fills each standard descriptor that is closed with one that refuses to be used, so that no file
/// opened later takes its number and receives what was meant for a person. See open(2).
int clinux_hold_standard_descriptors(void);
