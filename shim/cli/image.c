/* SPDX-License-Identifier: MIT */
/* image: a new image on top of one; see image.h. */
#include "cli/image.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/bring.h"
#include "cli/cli.h"
#include "cli/engine.h"
#include "cli/rootfs.h"

#define LABEL "tfoshim.base"
#define ID_SIZE 128

struct image {
	const struct engine *engine;
	const char *name;
	char tag[1024];
	struct json_object *config; /* its Entrypoint, Cmd, Labels */
};

/* Who has it? An exit status: it has been told that nobody does. */
static int find_engine(struct image *i, const char *name, bool may_be_gone)
{
	TEXT(why, 1024);
	bool absent;

	i->engine = engine_of(name, &why, &absent);
	if (i->engine)
		return STATUS_OK;
	if (may_be_gone && absent) {
		printf("there is no image %s\n", name);
		return STATUS_OK;
	}
	say_error(
		"%s is neither a directory nor an image that is here: %s; nothing was "
		"changed",
		name, why.at);
	return STATUS_SELF;
}

static struct json_object *config_in(const char *text)
{
	struct json_object *whole = json_tokener_parse(text), *config = NULL;

	if (!json_object_object_get_ex(whole, "config", &config))
		return whole;
	json_object_get(config);
	json_object_put(whole);
	return config;
}

static struct json_object *inspect(const struct image *i, const char *name)
{
	struct json_object *config = NULL;
	struct trial got;

	if (engine_tells(i->engine, name, ENGINE_CONFIG, &got))
		config = config_in(got.out);
	if (!config)
		say_error("%s tells nothing of the image %s; nothing was changed",
			  engine_name(i->engine), name);
	return config;
}

/* This machine as images name it; NULL: they are not asked. */
static const char *machine(void)
{
	static const char *const names[][2] = { { "x86_64", "amd64" },
						{ "aarch64", "arm64" } };
	struct utsname here;

	if (uname(&here) < 0)
		return NULL;
	for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
		if (!strcmp(here.machine, names[k][0]))
			return names[k][1];
	return NULL;
}

/* On another machine our launcher would not even start. */
static int check_machine(const struct image *i)
{
	const char *ours = machine();
	struct trial got;

	if (!ours || !engine_tells(i->engine, i->name, ENGINE_MACHINE, &got))
		return STATUS_OK;
	got.out[strcspn(got.out, "\n")] = '\0';
	if (!strcmp(got.out, ours))
		return STATUS_OK;
	say_error(
		"%s is an image for %.64s, and this tfo is for %s; nothing was changed",
		i->name, got.out, ours);
	return STATUS_FINDING;
}

/* What an image has ready for builds on top of it is not for us to run. */
static int check_triggers(const struct image *i)
{
	if (!engine_has_triggers(i->engine, i->name))
		return STATUS_OK;
	say_error("%s was made with ONBUILD, and a build on top may run what that "
		  "says; nothing was changed",
		  i->name);
	return STATUS_FINDING;
}

/* shop:1.2 -> shop:1.2-tfo, registry:5000/shop -> registry:5000/shop:latest-tfo */
static int choose_tag(struct image *i, const char *verb, const char *tag)
{
	const char *last = strrchr(i->name, '/');
	bool has_tag = strchr(last ? last : i->name, ':');
	int len;

	if (!tag && (strchr(i->name, '@') || !strncmp(i->name, "sha256:", 7)))
		return say_usage(verb, "an image named by its digest needs --tag");
	len = tag ? snprintf(i->tag, sizeof(i->tag), "%s", tag)
		  : snprintf(i->tag, sizeof(i->tag), "%s%s-tfo", i->name,
			     has_tag ? "" : ":latest");
	if (len > 0 && (size_t)len < sizeof(i->tag))
		return STATUS_OK;
	return say_usage(verb, "the name of the image is too long");
}

static struct json_object *field(const struct image *i, const char *name)
{
	struct json_object *value = NULL;

	if (json_object_object_get_ex(i->config, name, &value) &&
	    json_object_get_type(value) == json_type_array)
		return value;
	return NULL;
}

/* ENTRYPOINT takes the CMD away that was there, so both stand there again. */
static char *containerfile(const struct image *i, bool is_script)
{
	const int plain = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct json_object *was = field(i, "Entrypoint"), *command = field(i, "Cmd");
	struct json_object *is = json_object_new_array();
	char *text;
	size_t n = was ? json_object_array_length(was) : 0;

	json_object_array_add(
		is, json_object_new_string("/" ROOTFS_OURS "/" ROOTFS_LAUNCHER));
	for (size_t k = 0; k < n; k++)
		json_object_array_add(
			is, json_object_get(json_object_array_get_idx(was, k)));
	if (asprintf(&text,
		     "FROM %s\n%sCOPY " ROOTFS_OURS " /" ROOTFS_OURS
		     "\nENTRYPOINT %s\n%s%s%sLABEL " LABEL "=%s\n",
		     i->name,
		     is_script ? "# the launcher is a script for /bin/sh\n" : "",
		     json_object_to_json_string_ext(is, plain), command ? "CMD " : "",
		     command ? json_object_to_json_string_ext(command, plain) : "",
		     command ? "\n" : "", i->name) < 0)
		text = NULL;
	json_object_put(is);
	return text;
}

/* By which images are told apart; empty: there is none of that name. */
static void read_id(const struct image *i, char ret_id[ID_SIZE])
{
	struct trial got;

	*ret_id = '\0';
	if (engine_tells(i->engine, i->tag, ENGINE_ID, &got))
		snprintf(ret_id, ID_SIZE, "%.*s", (int)strcspn(got.out, "\n"), got.out);
}

/* One that the new image has taken the name from; a container may still need it. */
static void drop_old(const struct image *i, const char *old)
{
	char id[ID_SIZE];
	struct trial got;

	read_id(i, id);
	if (*old && *id && strcmp(old, id) && !engine_remove(i->engine, old, &got))
		say_error("the image that was %s before stays: %s: %.300s", i->tag,
			  engine_name(i->engine), engine_reason(&got));
}

static int build(const struct image *i, const char *context)
{
	char old[ID_SIZE];
	struct trial got;

	read_id(i, old);
	if (engine_build(i->engine, i->name, i->tag, context, &got)) {
		drop_old(i, old);
		printf("%s is %s with TCP Fast Open: start it with\n"
		       "    %s run --sysctl net.ipv4.tcp_fastopen=3 %s\n",
		       i->tag, i->name, engine_starter(i->engine), i->tag);
		return STATUS_OK;
	}
	say_error("%s build: %.1000s; there is no new image", engine_name(i->engine),
		  engine_reason(&got));
	return STATUS_SELF;
}

static int fill_and_build(const struct image *i, const char *text, const char *launcher,
			  const char *object)
{
	const char *place = getenv("TMPDIR"), *name = "";
	char context[PATH_MAX - 64], path[PATH_MAX];
	int status = STATUS_SELF, err = -EIO, fd;
	bool changed;

	snprintf(context, sizeof(context), "%s/tfoshim.XXXXXX",
		 place && *place == '/' ? place : "/tmp");
	if (!mkdtemp(context)) {
		say_error("%s: %m; nothing was changed", context);
		return STATUS_SELF;
	}
	fd = open(context, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		err = bring_bytes(fd, "Containerfile", text, strlen(text), 0644,
				  &changed);
	if (!err)
		err = rootfs_fill(context, launcher, object, &changed, &name);
	if (err)
		say_error("%s/%s: %s; nothing was changed", context, name,
			  strerror(-err));
	else
		status = build(i, context);
	for (const char *const *f =
		     (const char *const[]){ ROOTFS_OBJECT, ROOTFS_LAUNCHER, "", NULL };
	     *f; f++) {
		snprintf(path, sizeof(path), "%s/" ROOTFS_OURS "/%s", context, *f);
		remove(path);
	}
	if (fd >= 0)
		unlinkat(fd, "Containerfile", 0);
	close(fd);
	rmdir(context);
	return status;
}

static int begin(struct image *i, const char *verb, const char *name, const char *tag)
{
	*i = (struct image){ .name = name };
	if (!*name || *name == '-' || strpbrk(name, " \t\n"))
		return say_usage(
			verb, "--container takes a directory or the name of an image");
	return choose_tag(i, verb, tag);
}

/* One that has the launcher already would start it twice. */
static bool has_launcher(const struct image *i)
{
	struct json_object *was = field(i, "Entrypoint");
	struct json_object *first = was && json_object_array_length(was)
					    ? json_object_array_get_idx(was, 0)
					    : NULL;

	return first && !strcmp(json_object_get_string(first),
				"/" ROOTFS_OURS "/" ROOTFS_LAUNCHER);
}

/* Only what was made of this image by us. */
static bool is_ours(const struct image *i)
{
	struct json_object *labels, *base;

	return json_object_object_get_ex(i->config, "Labels", &labels) &&
	       json_object_object_get_ex(labels, LABEL, &base) &&
	       json_object_is_type(base, json_type_string) &&
	       !strcmp(json_object_get_string(base), i->name);
}

/* A name that is somebody's image would be taken from it. */
static int check_tag(const struct image *i)
{
	struct image there = *i;
	struct trial got;
	bool ours;

	if (!engine_tells(i->engine, i->tag, ENGINE_CONFIG, &got))
		return STATUS_OK;
	there.config = config_in(got.out);
	ours = is_ours(&there);
	json_object_put(there.config);
	if (ours)
		return STATUS_OK;
	say_error("%s is there, and was not made of %s by tfo: another name by --tag; "
		  "nothing was changed",
		  i->tag, i->name);
	return STATUS_FINDING;
}

int image_install(const char *name, const char *tag, bool dry)
{
	char launcher[PATH_MAX], object[PATH_MAX];
	struct image i = { .config = NULL };
	bool is_script;
	char *text = NULL;
	int status = begin(&i, "install", name, tag);

	if (!status)
		status = rootfs_sources(launcher, object, sizeof(object), &is_script);
	if (!status)
		status = find_engine(&i, name, false);
	if (!status && !(i.config = inspect(&i, name)))
		status = STATUS_SELF;
	if (!status)
		status = check_machine(&i);
	if (!status && !has_launcher(&i))
		status = check_triggers(&i);
	if (!status && !has_launcher(&i))
		status = check_tag(&i);
	if (status) {
		json_object_put(i.config);
		return status;
	}
	if (has_launcher(&i)) {
		printf("%s starts by the launcher already\n", name);
	} else if (!(text = containerfile(&i, is_script))) {
		say_error("out of memory; nothing was changed");
		status = STATUS_SELF;
	} else if (dry) {
		printf("# the context holds " ROOTFS_OURS "/: %s and %s\n%s", object,
		       launcher, text);
	} else {
		status = fill_and_build(&i, text, launcher, object);
	}
	free(text);
	json_object_put(i.config);
	return status;
}

int image_uninstall(const char *name, const char *tag, bool dry)
{
	struct image i;
	struct trial got;
	int status = begin(&i, "uninstall", name, tag);

	if (!status)
		status = find_engine(&i, i.tag, true);
	if (!status && i.engine && !(i.config = inspect(&i, i.tag)))
		status = STATUS_SELF;
	if (status || !i.engine)
		return status;
	if (!is_ours(&i)) {
		say_error("%s was not made of %s by tfo; it stays", i.tag, name);
		status = STATUS_FINDING;
	} else if (dry) {
		printf("# the image %s would be removed\n", i.tag);
	} else if (!engine_remove(i.engine, i.tag, &got)) {
		say_error("%s: %.300s", engine_name(i.engine), engine_reason(&got));
		status = STATUS_SELF;
	} else {
		printf("the image %s is gone\n", i.tag);
	}
	json_object_put(i.config);
	return status;
}
