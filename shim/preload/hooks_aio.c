/* SPDX-License-Identifier: MIT */
/*
 * hooks: POSIX's asynchronous calls.  A thread of libc's own reads and writes, where no
 * hook sees it, so what it will touch may not be held back.
 */
#undef _FORTIFY_SOURCE
#pragma GCC visibility push(default)
#include <aio.h>
#pragma GCC visibility pop

#include "core/sys.h"
#include "preload/debt.h"
#include "preload/hooks_sleep.h"

static void before_aio(const struct aiocb *one, int opcode)
{
	struct slot *s;

	if (opcode == LIO_READ)
		debt_materialize(one->aio_fildes);
	if (opcode != LIO_WRITE)
		return;
	s = slot_of(one->aio_fildes);
	if (s)
		watch_writes(s, one->aio_fildes);
	debt_force(one->aio_fildes, true);
}

int aio_read(struct aiocb *one)
{
	if (!quiet() && sys_readable(one, sizeof(*one)))
		before_aio(one, LIO_READ);
	return REAL(aio_read)(one);
}
SAME_AS(aio_read64, aio_read);

int aio_write(struct aiocb *one)
{
	if (!quiet() && sys_readable(one, sizeof(*one)))
		before_aio(one, LIO_WRITE);
	return REAL(aio_write)(one);
}
SAME_AS(aio_write64, aio_write);

int aio_suspend(const struct aiocb *const list[], int n, const struct timespec *timeout)
{
	SLEEP(int, ENDS, REAL(aio_suspend)(list, n, timeout));
}
SAME_AS(aio_suspend64, aio_suspend);

static void before_list(struct aiocb *const list[], int n)
{
	for (int i = 0; i < n && sys_readable(&list[i], sizeof(*list)); i++)
		if (list[i] && sys_readable(list[i], sizeof(**list)))
			before_aio(list[i], list[i]->aio_lio_opcode);
}

int lio_listio(int mode, struct aiocb *const list[restrict], int n,
	       struct sigevent *restrict event)
{
	if (!quiet())
		before_list(list, n);
	if (mode != LIO_WAIT || quiet())
		return REAL(lio_listio)(mode, list, n, event);
	if (pause_before(LINGER_SETTLE_MS)) { /* begun, but not waited for */
		int r = REAL(lio_listio)(LIO_NOWAIT, list, n, NULL);

		pause_after();
		return r ? r : (int)answer(-EINTR);
	}
	SLEEP(int, GOES_ON, REAL(lio_listio)(mode, list, n, event));
}
SAME_AS(lio_listio64, lio_listio);
