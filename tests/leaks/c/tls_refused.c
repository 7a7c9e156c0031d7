/* SPDX-License-Identifier: MIT */
/*
 * A TLS client, and a server that speaks something else: the handshake fails,
 * SSL_free() is called, and SSL_free() does not close what SSL_set_fd() was given.
 *
 * leaky: 4 socket CLOSE by dial_tls from fetch
 * libs: -lssl -lcrypto
 */
#include <openssl/ssl.h>
#include "leak.h"

FRAME static SSL *dial_tls(SSL_CTX *ctx, const struct sockaddr_in *to, int *ret_fd)
{
	SSL *ssl = SSL_new(ctx);

	*ret_fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */
	connect_to(*ret_fd, to);
	SSL_set_fd(ssl, *ret_fd);
	return ssl;
}

FRAME static void fetch(SSL_CTX *ctx, const struct sockaddr_in *to, int listener)
{
	int fd, far;
	SSL *ssl = dial_tls(ctx, to, &fd);

	far = accept(listener, NULL, NULL);
	say(far, "220 this is not TLS\r\n");
	if (SSL_connect(ssl) == 1)
		errx(1, "that was TLS");
	SSL_free(ssl);
	if (!leaky)
		close(fd);
	close(far);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int listener;

	begin(argc, argv);
	listener = listen_here(&at);
	for (int i = 0; i < 4; i++)
		fetch(ctx, &at, listener);
	close(listener);
	SSL_CTX_free(ctx);
	ready();
	return 0;
}
