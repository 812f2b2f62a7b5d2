// What line.c needs of rescue.c, and nobody outside.
#pragma once

/// What becomes readable when a signal came; -1 while none is watched for.
int cterminal_signal_descriptor(void);
