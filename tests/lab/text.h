/* SPDX-License-Identifier: MIT */
#ifndef LAB_TEXT_H
#define LAB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text into a buffer of fixed size; what does not fit is left out. */
struct text {
	char *bytes;
	size_t size;
	size_t used;
};

__attribute__((format(printf, 2, 3)))
void text_add(struct text *text, const char *format, ...);

/* Replaces all that was added by "error SENTENCE"; returns false. */
__attribute__((format(printf, 2, 3)))
bool text_fail(struct text *text, const char *format, ...);

/* The bytes in hex, or "-" when there are none. */
void text_add_hex(struct text *text, const uint8_t *bytes, size_t count);

/* A decimal number from 0 to max. */
bool text_number(const char *word, double max, double *ret_number);

#endif
