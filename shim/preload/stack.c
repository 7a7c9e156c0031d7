/* SPDX-License-Identifier: MIT */
/* stack: where in the program a call came from; see stack.h. */
#include "preload/stack.h"

#include <dlfcn.h>
#include <unwind.h>

#include "core/maps.h"
#include "core/sys.h"
#include "preload/real.h"

#define PAGE_BYTES 4096
#define FRAME_MOST (1 << 20) /* no function's frame is larger */

struct stack {
	uintptr_t at[LEDGER_DEPTH];
	const uintptr_t *slot[LEDGER_DEPTH]; /* where the stack says so */
	unsigned int n;
	enum ledger_how how;
	bool trodden; /* all slots are known */
};

/* --- along the unwind tables ------------------------------------------------------ */

static _Atomic(__typeof__(&_Unwind_Backtrace)) backtrace;
static _Atomic(__typeof__(&_Unwind_GetIP)) address;
static _Atomic(__typeof__(&_Unwind_GetCFA)) frame_end;
static __thread bool unwinding __attribute__((tls_model("initial-exec")));

struct walk {
	struct stack *s;
	uintptr_t caller;
	bool begun; /* the frames before are ours */
};

static bool follows(const struct stack *s, const uintptr_t *slot)
{
	const uintptr_t *last = s->n ? s->slot[s->n - 1] : slot - 1;

	return slot > last && (uintptr_t)slot - (uintptr_t)last <= FRAME_MOST;
}

/*
 * x86-64 has the return address right below the caller's frame; where it is not found
 * there, the way cannot be remembered.
 */
static void note_slot(struct stack *s, struct _Unwind_Context *c, uintptr_t at)
{
	const uintptr_t *slot = (const uintptr_t *)atomic_load_explicit(
					&frame_end, memory_order_relaxed)(c) -
				1;

	if (s->trodden && follows(s, slot) && *slot == at)
		s->slot[s->n] = slot;
	else
		s->trodden = false;
}

static _Unwind_Reason_Code note(struct _Unwind_Context *c, void *with)
{
	struct walk *w = with;
	uintptr_t at = atomic_load_explicit(&address, memory_order_relaxed)(c);

	w->begun = w->begun || at == w->caller;
	if (!w->begun || !at)
		return w->begun ? _URC_END_OF_STACK : _URC_NO_REASON;
	note_slot(w->s, c, at);
	w->s->at[w->s->n++] = at;
	return w->s->n < LEDGER_DEPTH ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/* A signal handler that interrupts it goes along the frame pointers. */
static bool by_tables(struct stack *s, uintptr_t caller)
{
	__typeof__(&_Unwind_Backtrace) f = atomic_load_explicit(&backtrace,
								memory_order_acquire);
	struct walk w = { s, caller, false };

	if (!f || unwinding)
		return false;
	s->trodden = true;
	unwinding = true;
	f(note, &w);
	unwinding = false;
	s->how = LEDGER_BY_TABLES;
	return s->n > 0;
}

/*
 * libgcc finds a frame's table by _dl_find_object(3), which takes no lock (glibc 2.35).
 * Before, it asks dl_iterate_phdr(3), which does.
 */
void stack_setup(void)
{
	struct stack s;
	__typeof__(&dlopen) open = (__typeof__(open))real_find("dlopen");
	__typeof__(&dlsym) find = (__typeof__(find))real_find("dlsym");
	void *libgcc;

	if (!real_find("_dl_find_object") || !open || !find)
		return;
	libgcc = open("libgcc_s.so.1", RTLD_LAZY);
	if (!libgcc)
		return;
	atomic_store(&address,
		     (__typeof__(&_Unwind_GetIP))find(libgcc, "_Unwind_GetIP"));
	atomic_store(&frame_end,
		     (__typeof__(&_Unwind_GetCFA))find(libgcc, "_Unwind_GetCFA"));
	if (!atomic_load(&address) || !atomic_load(&frame_end))
		return;
	atomic_store(&backtrace,
		     (__typeof__(&_Unwind_Backtrace))find(libgcc, "_Unwind_Backtrace"));
	s.n = 0;
	by_tables(&s, 0); /* its first call binds names */
}

/* --- along a trodden path --------------------------------------------------------- */

#define PATHS 64

/*
 * Where all return addresses of an earlier walk still lie in their places, above the
 * same frame, the stack is the same: the sizes of the frames between follow from them.
 * Looked at from below, so that no place is read but in a frame that is there.
 */
static struct path {
	atomic_flag busy; /* nobody waits for it */
	const void *frame;
	struct stack s;
} paths[PATHS];

static struct path *path_of(const void *frame, uintptr_t caller)
{
	uint64_t h = ((uintptr_t)frame ^ caller << 20) * UINT64_C(0x9e3779b97f4a7c15);

	return &paths[h >> 58];
}

static bool is_same(const struct stack *s, uintptr_t caller)
{
	if (!s->n || s->at[0] != caller)
		return false;
	for (unsigned int i = 0; i < s->n; i++)
		if (*(const volatile uintptr_t *)s->slot[i] != s->at[i])
			return false;
	return true;
}

static bool by_path(struct stack *ret, const void *frame, uintptr_t caller)
{
	struct path *p = path_of(frame, caller);
	bool same;

	if (atomic_flag_test_and_set_explicit(&p->busy, memory_order_acquire))
		return false;
	same = p->frame == frame && is_same(&p->s, caller);
	for (unsigned int i = 0; same && i < p->s.n; i++)
		ret->at[i] = p->s.at[i];
	if (same) {
		ret->n = p->s.n;
		ret->how = p->s.how;
	}
	atomic_flag_clear_explicit(&p->busy, memory_order_release);
	return same;
}

static void keep_path(const struct stack *s, const void *frame, uintptr_t caller)
{
	struct path *p = path_of(frame, caller);

	if (!s->trodden ||
	    atomic_flag_test_and_set_explicit(&p->busy, memory_order_acquire))
		return;
	p->frame = frame;
	p->s.n = s->n;
	p->s.how = s->how;
	for (unsigned int i = 0; i < s->n; i++) {
		p->s.at[i] = s->at[i];
		p->s.slot[i] = s->slot[i];
	}
	atomic_flag_clear_explicit(&p->busy, memory_order_release);
}

/* --- along the frame pointers ----------------------------------------------------- */

static bool readable(const uintptr_t *frame, uintptr_t *page)
{
	uintptr_t last = (uintptr_t)(frame + 1) / PAGE_BYTES;

	if ((uintptr_t)frame % sizeof(*frame))
		return false;
	if (last == *page)
		return true;
	*page = last;
	return sys_readable(frame, 2 * sizeof(*frame));
}

/* In code without frame pointers it ends where something is no frame. */
static void by_frames(struct stack *s, const uintptr_t *frame)
{
	uintptr_t page = (uintptr_t)frame / PAGE_BYTES;

	s->how = LEDGER_BY_FRAMES;
	while (s->n < LEDGER_DEPTH && readable(frame, &page)) {
		const uintptr_t *next = (const uintptr_t *)frame[0];
		uintptr_t at = sys_return_address(frame[1]);

		if (at < PAGE_BYTES)
			return;
		s->at[s->n++] = at;
		if (next <= frame || (uintptr_t)next - (uintptr_t)frame > FRAME_MOST)
			return;
		frame = next;
	}
}

/* --- sites ------------------------------------------------------------------------ */

struct naming {
	struct ledger *l;
	struct stack *s;
	uint64_t frame[LEDGER_DEPTH];
	bool known[LEDGER_DEPTH]; /* it lies in memory that can be executed */
	uintptr_t head;		  /* where the file of that inode begins */
	size_t head_bytes;
	uint64_t head_inode;
};

static unsigned int module_of(struct naming *n, const struct maps_line *m)
{
	uint8_t id[MAPS_BUILD_ID];
	struct ledger_file f = {
		.base = m->start - m->offset,
		.inode = m->inode,
		.path = m->path,
		.build_id = id,
	};

	if (n->head && n->head_inode == m->inode)
		f.build_id_bytes = maps_build_id(n->head, n->head_bytes, id);
	return ledger_module(n->l, &f);
}

static bool name_line(const struct maps_line *m, void *with)
{
	struct naming *n = with;
	unsigned int module = 0, left = 0;

	if (m->offset == 0 && m->readable) {
		n->head = m->inode ? m->start : 0;
		n->head_bytes = m->end - m->start;
		n->head_inode = m->inode;
	}
	for (unsigned int i = 0; i < n->s->n; i++) {
		uintptr_t at = n->s->at[i] - 1; /* within the call */

		left += !n->known[i];
		if (!m->executable || at < m->start || at >= m->end)
			continue;
		n->known[i] = true;
		if (!module && *m->path)
			module = module_of(n, m);
		if (module)
			n->frame[i] = ledger_frame(module,
						   at + 1 - m->start + m->offset);
	}
	return left;
}

/* What the frame pointers led to may be no code at all: there it ends. */
static unsigned int sound(const struct naming *n)
{
	unsigned int i = 1; /* who called us is sure */

	while (i < n->s->n && n->known[i])
		i++;
	return i;
}

static unsigned int new_site(struct ledger *l, struct stack *s)
{
	struct naming n = { .l = l, .s = s };
	unsigned int depth = s->n;

	for (unsigned int i = 0; i < s->n; i++)
		n.frame[i] = ledger_frame(0, s->at[i]);
	if (maps_each(name_line, &n))
		depth = sound(&n);
	return ledger_site_add(l, s->at, s->n, n.frame, depth, s->how);
}

static unsigned int site_of(struct ledger *l, struct stack *s)
{
	unsigned int site = ledger_site_find(l, s->at, s->n);

	return site || ledger_is_full(l) ? site : new_site(l, s);
}

unsigned int stack_site(struct ledger *l, const void *frame, bool whole)
{
	const uintptr_t *f = frame;
	uintptr_t caller = sys_return_address(f[1]);
	unsigned int site = whole ? 0 : ledger_site_find(l, &caller, 1);
	struct stack s;

	if (site)
		return site;
	s.n = 0;
	s.how = LEDGER_BY_CALLER;
	if (!whole)
		s.at[s.n++] = caller;
	else if (by_path(&s, f, caller))
		;
	else if (by_tables(&s, caller))
		keep_path(&s, f, caller);
	else
		by_frames(&s, f);
	return site_of(l, &s);
}
