/* SPDX-License-Identifier: MIT */
/*
 * library_ask: the one function of a library that the program knows. true: somebody
 * answered
 */
#include <netinet/in.h>
#include <stdbool.h>

bool library_ask(const struct sockaddr_in *to, bool forget);
