/* SPDX-License-Identifier: MIT */
/* request: the first bytes that a probe sends; see request.h. */
#include "cli/request.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli/alone.h"
#include "cli/libssl.h"
#include "core/payload.h"

const char *request_word(enum request_kind kind)
{
	switch (kind) {
	case REQUEST_NONE:
		break;
	case REQUEST_HTTP:
		return "http";
	case REQUEST_TLS:
		return "tls";
	}
	return "none";
}

enum request_kind request_usual(uint16_t port)
{
	if (port == 80 || port == 8080)
		return REQUEST_HTTP;
	return port == 443 || port == 8443 ? REQUEST_TLS : REQUEST_NONE;
}

/* --- http ------------------------------------------------------------------------ */

/* What could end a line of the request is no host. */
static bool is_host(const char *host)
{
	for (; *host; host++)
		if (!isalnum((unsigned char)*host) && !strchr("-._:[]", *host))
			return false;
	return true;
}

static void spell_host(struct text *t, const char *host, const struct addr *to)
{
	bool brackets = !*host && to->version == 6;

	text_str(t, brackets ? "[" : host);
	if (!*host)
		addr_print_host(t, to);
	text_str(t, brackets ? "]" : "");
	if (to->port != 80) {
		text_char(t, ':');
		text_num(t, to->port);
	}
}

static const char *make_http(struct request *r, const struct addr *to)
{
	TEXT(host, 300);

	if (!is_host(r->host))
		return "that host cannot stand in a request";
	spell_host(&host, r->host, to);
	r->n = (size_t)snprintf((char *)r->bytes, sizeof(r->bytes),
				"HEAD / HTTP/1.1\r\nHost: %s\r\n"
				"User-Agent: tfo-probe/%s\r\nAccept: */*\r\n"
				"Connection: close\r\n\r\n",
				host.at, PACKAGE_VERSION);
	return NULL;
}

/* --- tls ------------------------------------------------------------------------- */

/*
 * Name and protocols as a browser asks for them, or many a server says no. The groups
 * are the small ones: with those of today's newest browsers a ClientHello no longer
 * fits into one packet, SYN or not.
 */
static void ask_for(const struct libssl *l, SSL *ssl, const struct request *r)
{
	static const unsigned char protocols[] = "\x02h2\x08http/1.1";
	char host[256], groups[] = "X25519:P-256";

	strcpy(host, r->host);
	if (*host)
		l->SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
			    TLSEXT_NAMETYPE_host_name, host);
	l->SSL_ctrl(ssl, SSL_CTRL_SET_GROUPS_LIST, 0, groups);
	l->SSL_set_alpn_protos(ssl, protocols, sizeof(protocols) - 1);
}

/* Nothing answers its memory, so the handshake ends with the ClientHello. */
static int write_hello(const struct libssl *l, SSL *ssl, struct request *r)
{
	BIO *in = l->BIO_new(l->BIO_s_mem()), *out = l->BIO_new(l->BIO_s_mem());

	if (!in || !out) {
		l->BIO_free(in);
		l->BIO_free(out);
		return -1;
	}
	l->SSL_set_bio(ssl, in, out); /* they are its own now */
	l->SSL_set_connect_state(ssl);
	l->SSL_do_handshake(ssl);
	return l->BIO_read(out, r->bytes, sizeof(r->bytes));
}

static const char *make_tls(struct request *r)
{
	const struct libssl *l = libssl_get();
	SSL_CTX *context;
	SSL *ssl = NULL;
	int n = -1;

	if (!l)
		return alone_is() ? "a static tfo loads no OpenSSL"
				  : "OpenSSL's libssl.so.3 is not installed";
	context = l->SSL_CTX_new(l->TLS_client_method());
	if (context)
		ssl = l->SSL_new(context);
	if (ssl) {
		ask_for(l, ssl, r);
		n = write_hello(l, ssl, r);
		l->SSL_free(ssl);
	}
	if (context)
		l->SSL_CTX_free(context);
	r->n = n > 0 ? (size_t)n : 0;
	return n > 0 ? NULL : "OpenSSL makes no ClientHello here";
}

const char *request_make(struct request *r, const struct addr *to)
{
	const char *wrong = NULL;

	r->n = 0;
	if (r->kind == REQUEST_HTTP)
		wrong = make_http(r, to);
	else if (r->kind == REQUEST_TLS)
		wrong = make_tls(r);
	/* the last word has what judges all others' bytes, too */
	if (wrong || !r->n || payload_may_ride(PAYLOAD_IDEMPOTENT, r->bytes, r->n))
		return wrong;
	r->n = 0;
	return "it would be unsafe to repeat";
}
