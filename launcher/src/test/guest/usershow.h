/* What programs that print the same wherever Linux is have in common. */
#ifndef USERSHOW_H
#define USERSHOW_H
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* No memory of a program's. */
#define BAD ((void *)16)

/* A result that is the same everywhere, or the error in words: its numbers differ. */
static inline void show(const char *what, long result)
{
    if (result < 0)
        printf("%s: %s\n", what, strerror(errno));
    else
        printf("%s: %ld\n", what, result);
}

#endif
