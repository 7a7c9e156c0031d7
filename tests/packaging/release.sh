# shellcheck shell=bash disable=SC2154,SC2164 # a part of packaging/run: its names, its set -e
# SPDX-License-Identifier: MIT
# release: the tarball and the list of parts, the same bytes wherever they are made; and the
# tarball where there are no autotools.

sources()
{
	if git -C "$top" rev-parse --git-dir > /dev/null 2>&1; then
		git -C "$top" ls-files -zco --exclude-standard
	else # a tarball: all that is in it
		tar -tzf "$tarball" | sed -n "s,^$release/,,; /[^/]$/p" | tr '\n' '\0'
	fi
}

# elsewhere FOLDER COMMAND...: as somebody else, at another time, in another language, on
# another machine by its name; FOLDER is his, and where the command runs
elsewhere()
{
	local folder=$1
	shift
	chown -R nobody "$folder"
	# shellcheck disable=SC2016
	LC_ALL=de_DE.UTF-8 LOCPATH=$work/locale TZ=Pacific/Kiritimati HOME=$folder \
		unshare --uts sh -ec 'hostname elsewhere; umask 077; cd "$1"; shift
		exec setpriv --reuid=nobody --regid=nogroup --clear-groups \
			env NO_FAKE_STAT=1 faketime -f +500d "$@"' sh "$folder" "$@"
}

another_language()
{
	mkdir -p "$work/locale"
	localedef -i de_DE -f UTF-8 "$work/locale/de_DE.UTF-8"
	[ "$(LC_ALL=de_DE.UTF-8 LOCPATH=$work/locale TZ=UTC date -d @0 +%A)" = Donnerstag ]
}

tarball()
{
	$nice make -s -C "$build" all dist-gzip
	cp "$build/$release.tar.gz" "$tarball"
	ls -l "$tarball"
}

# Inside the tree, where the first build may stand outside of it.
build_again()
{
	mkdir -p "$work/another/tree"
	sources | tar --null -T - -cf - | tar -C "$work/another/tree" -xf -
	find "$work/another/tree" -exec touch -h -d 2020-02-02 {} +
	# shellcheck disable=SC2016,SC2086
	elsewhere "$work/another/tree" $nice sh -ec 'autoreconf -i; ./configure -q "$@"
		make -s -j2; make -s dist-gzip; make -s rpm RPMFLAGS="--nodeps --nocheck"' sh CC="$(sed -n 's/^CC = //p' "$build/Makefile")"
}

same()
{
	local file
	for file; do
		[ "$file $(sed -n "s/^STATIC_TFO_TRUE = //p" "$build/Makefile")" = "tfo-static #" ] && continue
		cmp "$build/$file" "$work/another/tree/$file"
		ls -l "$build/$file"
	done
}

# What the tests left in the build, and whatever else lies about, is not in it; nothing is
# forgotten.
all_of_it()
{
	git -C "$top" rev-parse --git-dir > /dev/null 2>&1 || { echo "no git here"; return; }
	git -C "$top" ls-files | sort > "$work/kept"
	tar -tzf "$tarball" | sed -n "s,^$release/,,; /[^/]$/p" | sort > "$work/in_tarball"
	comm -23 "$work/kept" "$work/in_tarball" > "$work/forgotten"
	comm -13 "$work/kept" "$work/in_tarball" | grep -vxE 'build-aux/[a-z-]+|configure|aclocal.m4|Makefile.in|man/tfoshim.policy.5|packaging/tfoshim.spec' \
		> "$work/lying_about" || :
	cat "$work/forgotten" "$work/lying_about"
	[ "$(cat "$work/forgotten" "$work/lying_about")" = .gitignore ]
}

sbom()
{
	make -s -C "$build" sbom
	tests/packaging/sbom "$build/$release.spdx.json" "$build"
}

from_tarball()
{
	local tool
	ready plain
	for tool in autoconf automake aclocal python3 flex bison pandoc mandoc git; do
		if within "$roots/plain" sh -c "command -v $tool"; then return 1; fi
	done
	tar -C "$roots/plain/tmp" -xzf "$tarball"
	# shellcheck disable=SC2086
	within "$roots/plain" $nice sh -ec "cd /tmp/$release; ./configure -q; make -s -j2
		make -s -j2 check"
	[ "$(grep -c '^PASS: ' "$log")" -gt 20 ]
}

# What is in the tarball is enough to make it.
makes_itself()
{
	within "$roots/plain" make -s -C "/tmp/$release" dist-gzip
	cmp "$roots/plain/tmp/$release/$release.tar.gz" "$tarball"
}

uninstalled()
{
	within "$roots/plain" make -s -C "/tmp/$release" install
	within "$roots/plain" sh -ec 'tfo version; tfo run -- grep -q libtfoshim /proc/self/maps'
	within "$roots/plain" make -s -C "/tmp/$release" uninstall
	[ -z "$(find "$roots/plain/usr/local" -type f -print)" ]
}
