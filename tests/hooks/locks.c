/* SPDX-License-Identifier: MIT */
/* locks: what threads wait for. */
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
extern __typeof__(pthread_cond_clockwait) pthread_cond_clockwait MAYBE;
extern __typeof__(pthread_mutex_clocklock) pthread_mutex_clocklock MAYBE;
extern __typeof__(pthread_rwlock_clockrdlock) pthread_rwlock_clockrdlock MAYBE;
extern __typeof__(pthread_rwlock_clockwrlock) pthread_rwlock_clockwrlock MAYBE;
extern __typeof__(pthread_clockjoin_np) pthread_clockjoin_np MAYBE;
extern __typeof__(sem_clockwait) sem_clockwait MAYBE;
