// What the engine lately said is not there, so that a program that looks for the same absent name over
// and over does not ask over and over. A name has one place, by its hash, and forgets whoever was
// there before; after a second it is asked for again.
#include "shim.h"

static unsigned seat(struct name_hash name) { return (unsigned)(name.low % absent_max); }

static int is_same(struct name_hash left, struct name_hash right) {
  return left.high == right.high && left.low == right.low;
}

int absent_knows(const struct memory *memory, struct name_hash name) {
  unsigned at = seat(name);
  return is_same(memory->absent[at].name, name) && talk_now() < memory->absent[at].until;
}

void absent_add(struct memory *memory, struct name_hash name) {
  unsigned at = seat(name);
  memory->absent[at].name = name;
  memory->absent[at].until = talk_now() + absent_for;
}

void absent_remove(struct memory *memory, struct name_hash name) {
  unsigned at = seat(name);
  if (is_same(memory->absent[at].name, name)) memory->absent[at].until = 0;
}
