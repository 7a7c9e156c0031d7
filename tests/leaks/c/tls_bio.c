/* SPDX-License-Identifier: MIT */
/*
 * The same where the library opens the socket: a BIO that is not freed. Who called
 * socket() is OpenSSL; who called OpenSSL, only the whole stack tells.
 *
 * leaky: 2 socket CLOSE by BIO_socket from dial from fetch
 * libs: -lssl -lcrypto
 */
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include "leak.h"

FRAME static BIO *dial(const struct sockaddr_in *to)
{
	char where[32];
	BIO *bio;

	snprintf(where, sizeof(where), "127.0.0.1:%d", ntohs(to->sin_port));
	bio = BIO_new_connect(where);
	if (!bio || BIO_do_connect(bio) != 1) /* LEAK dial */
		errx(1, "BIO_do_connect");
	return bio;
}

FRAME static void fetch(SSL_CTX *ctx, const struct sockaddr_in *to, int listener)
{
	BIO *bio = dial(to);
	SSL *ssl = SSL_new(ctx);
	int far = accept(listener, NULL, NULL);

	say(far, "220 this is not TLS\r\n");
	BIO_up_ref(bio);
	SSL_set_bio(ssl, bio, bio);
	if (SSL_connect(ssl) == 1)
		errx(1, "that was TLS");
	SSL_free(ssl);
	if (!leaky)
		BIO_free(bio); /* the reference that was taken above */
	close(far);
}

int main(int argc, char **argv)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct sockaddr_in at;
	int listener;

	begin(argc, argv);
	listener = listen_here(&at);
	for (int i = 0; i < 2; i++)
		fetch(ctx, &at, listener);
	close(listener);
	SSL_CTX_free(ctx);
	ready();
	return 0;
}
