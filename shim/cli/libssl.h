/* SPDX-License-Identifier: MIT */
/*
 * libssl: the way to OpenSSL, which writes a ClientHello for us. It is loaded when it
 * is needed, so that tfo runs where it is not installed.
 */
#ifndef CLI_LIBSSL_H
#define CLI_LIBSSL_H

#include <openssl/bio.h>
#include <openssl/ssl.h>

struct libssl {
#define LIBSSL(name) __typeof__(&name) name;
#include "cli/libssl.def"
#undef LIBSSL
};

/* NULL: it is not installed, or too old. */
const struct libssl *libssl_get(void);

#endif
