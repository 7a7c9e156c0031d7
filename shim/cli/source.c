/* SPDX-License-Identifier: MIT */
/* source: which policy is in force, and reading one; see source.h. */
#include "cli/source.h"

#include <stdlib.h>

#include "cli/cli.h"
#include "core/files.h"

const char *source_in_force(bool *ret_must_exist)
{
	const char *setting = getenv("TFOSHIM_POLICY");

	*ret_must_exist = setting && *setting; /* as core/live has it */
	return *ret_must_exist ? setting : FILES_DEFAULT;
}

static void count(void *to, const char *file, unsigned int line, unsigned int column,
		  const char *sentence)
{
	unsigned int *errors = to;

	(void)file, (void)line, (void)column, (void)sentence;
	++*errors;
}

static void tell(void *to, const char *file, unsigned int line, unsigned int column,
		 const char *sentence)
{
	count(to, file, line, column, sentence);
	say_at(file, line, column, sentence);
}

static unsigned int read_with(struct policy *p, const char *path, bool must_exist,
			      const struct policy_reader *reader)
{
	const unsigned int *errors = reader->to;

	/* Where nobody was told of it, it may do in a moment. */
	if (files_load(p, path, must_exist, reader) != FILES_GOOD && !*errors)
		reader->error(reader->to, path, 0, 0,
			      "there are no descriptors or no memory for it now");
	return *errors;
}

unsigned int source_read(struct policy *p, const char *path, bool must_exist)
{
	unsigned int errors = 0;

	return read_with(p, path, must_exist, &(struct policy_reader){ tell, &errors });
}

unsigned int source_count(struct policy *p, const char *path, bool must_exist)
{
	unsigned int errors = 0;

	return read_with(p, path, must_exist,
			 &(struct policy_reader){ count, &errors });
}
