/* SPDX-License-Identifier: MIT */
/* lines: function and line of a place in a file; see lines.h. */
#include "cli/lines.h"

#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/libdw.h"
#include "core/symbol.h"

struct lines {
	const struct libdw *dw; /* NULL: only the symbols of the file itself */
	Dwfl *all;
	Dwfl_Module *module;
	int fd; /* where dw is NULL */
};

/* --- its file --------------------------------------------------------------------- */

struct wanted {
	const struct process *p;
	const struct ledger_image *module;
	int fd;
};

static bool find_mapping(const struct maps_line *line, void *with)
{
	struct wanted *w = with;
	struct stat st;

	if (line->inode != w->module->inode)
		return true;
	w->fd = process_mapped(w->p, line, &st);
	return w->fd < 0;
}

/* ret_same: it is the one that was mapped; else its build ID has to tell. */
static int open_path(const struct process *p, const struct ledger_image *m,
		     bool *ret_same)
{
	struct stat st = { 0 };
	int fd = m->cut || *m->path != '/' ? -1 : process_file(p, m->path, &st);

	*ret_same = fd >= 0 && m->inode && st.st_ino == m->inode;
	return fd;
}

/* The mapping lives as long as the process, whatever becomes of the path. */
static int open_mapping(const struct process *p, const struct ledger_image *m)
{
	struct wanted w = { p, m, -1 };

	if (p && m->inode)
		process_maps(p, find_mapping, &w);
	return w.fd;
}

/* What a path has to begin with to be that of the process. */
static const char *root_of(const struct process *p)
{
	static char path[PROCESS_PATH];
	struct stat its = { 0 }, own = { 0 };

	if (!p)
		return "";
	process_path(p, "root", path);
	if (process_shares(p, "mnt") && !stat(path, &its) && !stat("/", &own) &&
	    its.st_dev == own.st_dev && its.st_ino == own.st_ino)
		return "";
	return path;
}

static const char *root; /* of the module that is open */
static char *places;	 /* where its debug data is sought */

/* Beside the file and by build ID, as the process sees it and as we do. */
static int find_debuginfo(Dwfl_Module *m, void **data, const char *name,
			  Dwarf_Addr base, const char *file, const char *link,
			  GElf_Word sum, char **ret)
{
	static char beside[] = ":.debug:/usr/lib/debug", within[256];
	const struct libdw *dw = libdw_get();
	char path[PATH_MAX];
	int fd;

	places = beside;
	snprintf(path, sizeof(path), "%s%s", root, file);
	fd = dw->dwfl_standard_find_debuginfo(m, data, name, base, path, link, sum,
					      ret);
	if (fd >= 0 || !*root)
		return fd;
	snprintf(within, sizeof(within), "%s/usr/lib/debug", root);
	places = within;
	return dw->dwfl_standard_find_debuginfo(m, data, name, base, file, link, sum,
						ret);
}

static int no_file(Dwfl_Module *m, void **data, const char *name, Dwarf_Addr base,
		   char **ret_path, Elf **ret_elf)
{
	(void)m, (void)data, (void)name, (void)base, (void)ret_path, (void)ret_elf;
	return -1;
}

static bool same_build(const struct lines *l, const struct ledger_image *m)
{
	const unsigned char *id;
	GElf_Addr at;
	int n = l->dw->dwfl_module_build_id(l->module, &id, &at);

	return n > 0 && (unsigned int)n >= m->build_id_bytes && m->build_id_bytes &&
	       !memcmp(id, m->build_id, m->build_id_bytes);
}

static bool report(struct lines *l, const struct process *p,
		   const struct ledger_image *m, int fd)
{
	static Dwfl_Callbacks callbacks = {
		.find_elf = no_file,
		.find_debuginfo = find_debuginfo,
		.debuginfo_path = &places,
	};
	GElf_Addr bias;

	root = root_of(p);
	callbacks.section_address = l->dw->dwfl_offline_section_address;
	l->all = l->dw->dwfl_begin(&callbacks);
	if (l->all)
		l->module = l->dw->dwfl_report_offline(l->all, m->path, m->path, fd);
	if (!l->module)
		close(fd);
	return l->module && !l->dw->dwfl_report_end(l->all, NULL, NULL) &&
	       l->dw->dwfl_module_getelf(l->module, &bias);
}

void lines_close(struct lines *l)
{
	if (l->all)
		l->dw->dwfl_end(l->all);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

/* NULL: this is not the file. */
static struct lines *open_lines(const struct process *p, const struct ledger_image *m,
				int fd, bool same)
{
	struct lines *l = fd >= 0 ? calloc(1, sizeof(*l)) : NULL;

	if (!l)
		return NULL;
	l->dw = libdw_get();
	l->fd = l->dw ? -1 : fd;
	if (l->dw && report(l, p, m, fd))
		same = m->build_id_bytes ? same_build(l, m) : same;
	else
		same = same && !l->dw;
	if (same)
		return l;
	lines_close(l);
	return NULL;
}

struct lines *lines_open(const struct process *p, const struct ledger_image *m)
{
	bool same;
	int fd = open_path(p, m, &same);
	struct lines *l = open_lines(p, m, fd, same);

	return l ? l : open_lines(p, m, open_mapping(p, m), true);
}

/* --- one place -------------------------------------------------------------------- */

struct telling {
	const struct lines *l;
	void (*f)(const struct lines_name *name, void *with);
	void *with;
};

static void tell(const struct telling *t, struct lines_name name)
{
	char *plain = name.function ? libdw_demangle(name.function) : NULL;

	name.symbol = NULL;
	if (plain) {
		name.symbol = name.function;
		name.function = plain;
	}
	t->f(&name, t->with);
	free(plain);
}

static bool to_address(const struct lines *l, uint64_t offset, GElf_Addr *ret)
{
	GElf_Addr bias;
	Elf *elf = l->dw->dwfl_module_getelf(l->module, &bias);
	size_t n;

	if (!elf || l->dw->elf_getphdrnum(elf, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr p;

		if (!l->dw->gelf_getphdr(elf, (int)i, &p) || p.p_type != PT_LOAD ||
		    offset < p.p_offset || offset - p.p_offset >= p.p_filesz)
			continue;
		*ret = offset - p.p_offset + p.p_vaddr + bias;
		return true;
	}
	return false;
}

/* No symbol that lies somewhere before it, but one that covers it. */
static const char *symbol_at(const struct lines *l, GElf_Addr at)
{
	GElf_Off within = 0;
	GElf_Sym sym = { 0 };
	const char *name = l->dw->dwfl_module_addrinfo(l->module, at, &within, &sym,
						       NULL, NULL, NULL);

	return name && *name && within < sym.st_size ? name : NULL;
}

/* What the die stands for: where its name, and what it is in, are written. */
static Dwarf_Die declaration(const struct lines *l, Dwarf_Die die)
{
	static const unsigned int ways[] = { DW_AT_abstract_origin,
					     DW_AT_specification };
	Dwarf_Attribute a;
	Dwarf_Die to;

	for (int i = 0; i < 2; i++)
		if (l->dw->dwarf_attr(&die, ways[i], &a) &&
		    l->dw->dwarf_formref_die(&a, &to))
			die = to;
	return die;
}

static const char *plain_name(const struct lines *l, Dwarf_Die *die)
{
	Dwarf_Attribute a;

	return l->dw->dwarf_attr_integrate(die, DW_AT_name, &a)
		       ? l->dw->dwarf_formstring(&a)
		       : NULL;
}

static bool is_scope(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_class_type ||
	       tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

/* A::B::name, where the linker has no name for it. */
static const char *full_name(const struct lines *l, Dwarf_Die *die, struct text *to)
{
	Dwarf_Die own = declaration(l, *die), *scope = NULL;
	const char *name = plain_name(l, &own);
	int n = name ? l->dw->dwarf_getscopes_die(&own, &scope) : 0;

	while (n-- > 1)
		if (is_scope(l->dw->dwarf_tag(&scope[n]))) {
			const char *outer = plain_name(l, &scope[n]);

			text_str(to, outer ? outer : "(anonymous namespace)");
			text_str(to, "::");
		}
	free(scope);
	if (name)
		text_str(to, name);
	return name ? to->at : NULL;
}

static const char *name_of(const struct lines *l, Dwarf_Die *die, struct text *room)
{
	static const unsigned int linkage[] = { DW_AT_linkage_name,
						DW_AT_MIPS_linkage_name };
	Dwarf_Attribute a;

	room->n = 0;
	for (int i = 0; i < 2; i++)
		if (l->dw->dwarf_attr_integrate(die, linkage[i], &a))
			return l->dw->dwarf_formstring(&a);
	return full_name(l, die, room);
}

/* Where the call stood that was inlined. */
static void call_of(const struct lines *l, Dwarf_Die *unit, Dwarf_Die *die,
		    struct lines_name *ret)
{
	Dwarf_Attribute a;
	Dwarf_Files *files;
	Dwarf_Word n;
	size_t count;

	ret->file = NULL;
	ret->line = 0;
	if (l->dw->dwarf_attr(die, DW_AT_call_line, &a) &&
	    !l->dw->dwarf_formudata(&a, &n))
		ret->line = (unsigned int)n;
	if (l->dw->dwarf_attr(die, DW_AT_call_file, &a) &&
	    !l->dw->dwarf_formudata(&a, &n) &&
	    !l->dw->dwarf_getsrcfiles(unit, &files, &count) && n < count)
		ret->file = l->dw->dwarf_filesrc(files, n, NULL, NULL);
}

/* false: there is no debug data for it. */
static bool tell_scopes(const struct telling *t, GElf_Addr at, struct lines_name name)
{
	const struct libdw *dw = t->l->dw;
	Dwarf_Addr bias;
	Dwarf_Die *unit = dw->dwfl_module_addrdie(t->l->module, at, &bias);
	Dwarf_Die *scope = NULL, *outer = NULL;
	bool done = false;
	TEXT(room, 512);
	int n;

	if (!unit || dw->dwarf_getscopes(unit, at - bias, &scope) <= 0)
		return false;
	n = dw->dwarf_getscopes_die(&scope[0], &outer);
	for (int i = 0; i < n && !done; i++) {
		int tag = dw->dwarf_tag(&outer[i]);

		done = tag == DW_TAG_subprogram;
		name.inlined = tag == DW_TAG_inlined_subroutine;
		if (!done && !name.inlined)
			continue;
		name.function = name_of(t->l, &outer[i], &room);
		if (done && !name.function)
			name.function = symbol_at(t->l, at);
		tell(t, name);
		call_of(t->l, unit, &outer[i], &name);
	}
	free(scope);
	if (n > 0)
		free(outer);
	return done;
}

static void tell_symbol(const struct telling *t, uint64_t offset)
{
	struct lines_name name = { 0 };
	char path[64];
	TEXT(symbol, 512);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->l->fd);
	if (!symbol_name(path, offset, &symbol))
		return;
	name.function = symbol.at;
	tell(t, name);
}

void lines_name(struct lines *l, uint64_t offset,
		void (*f)(const struct lines_name *name, void *with), void *with)
{
	struct telling t = { l, f, with };
	struct lines_name name = { 0 };
	Dwfl_Line *line;
	GElf_Addr at;
	int number = 0;

	offset -= offset > 0; /* within the call, not behind it */
	if (!l->dw) {
		tell_symbol(&t, offset);
		return;
	}
	if (!to_address(l, offset, &at))
		return;
	line = l->dw->dwfl_module_getsrc(l->module, at);
	if (line)
		name.file = l->dw->dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);
	name.line = number > 0 ? (unsigned int)number : 0;
	if (tell_scopes(&t, at, name))
		return;
	name.function = symbol_at(l, at);
	if (name.function || name.file)
		tell(&t, name);
}
