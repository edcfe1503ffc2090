/* alias: what to say of a name that is an alias (CNAME) of one that has nothing, or is gone. The
 * name's owner sees a record there; nobody else does. */
#ifndef AUTH_ALIAS_H
#define AUTH_ALIAS_H

struct answer;
struct arena;

/* "it is an alias (CNAME) of X, which does not exist: …", with who holds X; NULL where it is no
 * alias, or the target has what was asked for, or nothing is known. */
const char *alias_gone(const struct answer *answer, struct arena *arena);

#endif
