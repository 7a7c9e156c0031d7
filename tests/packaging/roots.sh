# shellcheck shell=bash disable=SC2154,SC2164 # a part of packaging/run: its names, its set -e
# SPDX-License-Identifier: MIT
# roots: minimal systems, and how something is done in them.

# ready NAME: waits for what `bring` has begun; NAME is a minimal Debian, without our package
ready()
{
	while [ ! -e "$roots/$1.ready" ]; do
		[ ! -e "$roots/$1.failed" ] || { cat "$roots/$1.log"; return 1; }
		sleep 1
	done
}

bring()
{
	mkdir -p "$roots"
	while read -r name suite packages; do
		# shellcheck disable=SC2086
		if $nice tests/rootfs "$suite" "$roots/$name" $packages > "$roots/$name.log" 2>&1; then
			touch "$roots/$name.ready"
		else
			touch "$roots/$name.failed"
		fi
	done <<-ROOTS
		plain bookworm $base
		minimal bookworm
		older bullseye $base build-essential debhelper iproute2 curl busybox python3 musl-tools
	ROOTS
}

# within ROOT COMMAND...: there, with a /proc and a /dev, and with mounts that end with it
within()
{
	# shellcheck disable=SC2016
	unshare --mount --propagation private sh -ec 'root=$1; shift
		mount -t proc proc "$root/proc"; mount --bind /dev "$root/dev"
		exec chroot "$root" env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
			DEBIAN_FRONTEND=noninteractive "$@"' sh "$@"
}

# alone COMMAND...: on a network of its own, which has nothing but its loopback
alone()
{
	unshare --net sh -ec 'ip link set lo up; exec "$@"' sh "$@"
}

# throughout ROOT COMMAND...: programs start there all the while; all of them do, and say nothing
throughout()
{
	local root=$1 loop status=0
	shift
	: > "$work/started"
	touch "$root/tmp/going"
	within "$root" sh -c 'while [ -e /tmp/going ]; do
		/bin/true || echo "it ended with $?" >&2; echo; done' \
		> "$work/started" 2> "$work/said" &
	loop=$!
	until [ -s "$work/started" ]; do sleep 0.1; done
	"$@" || status=$?
	sleep 0.2 # and some afterwards
	rm "$root/tmp/going"
	wait "$loop"
	echo "$(wc -l < "$work/started") programs started"
	cat "$work/said"
	[ "$status" = 0 ] && [ ! -s "$work/said" ] && [ "$(wc -l < "$work/started")" -gt 20 ]
}

# files ROOT: what is there, but for the records of dpkg and apt, which tell of the past
files()
{
	(cd "$1" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./var/log -o -path ./tmp \
		-o -path ./var/cache -o -path './var/lib/dpkg/*-old' -o -path ./var/lib/apt \) \
		-prune -o -printf '%y %m %u:%g %p %l\n' | sort
	find etc -xdev -type f ! -name ld.so.cache -exec sha256sum {} + | sort)
}
