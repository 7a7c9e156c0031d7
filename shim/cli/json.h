/* SPDX-License-Identifier: MIT */
/*
 * json: what is printed as JSON: texts that may be any bytes, as UTF-8; a document, on
 * stdout. json-c does the rest.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <json-c/json.h>

/* Bytes that are no UTF-8 become U+FFFD; NULL: null. */
struct json_object *json_text(const char *text);
/* Prints it whole, and drops it. */
void json_show(struct json_object *document);

#endif
