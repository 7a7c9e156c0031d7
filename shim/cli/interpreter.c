/* SPDX-License-Identifier: MIT */
/* interpreter: which files run programs that are no machine code; see interpreter.h. */
#include "cli/interpreter.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *begins, *language;
} rows[] = {
	{ "libpython", "Python" }, { "python", "Python" },  { "pypy", "Python" },
	{ "libnode", "Node" },	   { "node", "Node" },	    { "deno", "Deno" },
	{ "bun", "Bun" },	   { "libjvm", "Java" },    { "java", "Java" },
	{ "libruby", "Ruby" },	   { "ruby", "Ruby" },	    { "libperl", "Perl" },
	{ "perl", "Perl" },	   { "libphp", "PHP" },	    { "php", "PHP" },
	{ "libcoreclr", ".NET" },  { "dotnet", ".NET" },    { "libmono", ".NET" },
	{ "mono", ".NET" },	   { "liblua", "Lua" },	    { "lua", "Lua" },
	{ "beam", "Erlang" },	   { "libguile", "Guile" },
};

const char *interpreter_of(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t n = strlen(rows[i].begins);

		/* python3.11, libpython3.so, java; not nodemon, not perlbal */
		if (!strncmp(name, rows[i].begins, n) &&
		    !isalpha((unsigned char)name[n]))
			return rows[i].language;
	}
	return NULL;
}
