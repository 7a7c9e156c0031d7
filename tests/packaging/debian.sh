# shellcheck shell=bash disable=SC2154,SC2164 # a part of packaging/run: its names, its set -e
# SPDX-License-Identifier: MIT
# debian: the Debian package, here and on the Debian before.

deb=tfoshim_${version}_$(dpkg --print-architecture).deb

# unpack FOLDER: the tarball there
unpack()
{
	mkdir -p "$1"
	tar -C "$1" -xzf "$tarball"
}

package()
{
	unpack "$work/deb"
	cd "$work/deb/$release"
	DEB_BUILD_OPTIONS=nocheck $nice dpkg-buildpackage -us -uc
}

clean_of_lint()
{
	lintian --allow-root -EviI --pedantic --fail-on error,warning,info,pedantic "$work/deb/"*.changes
}

package_again()
{
	unpack "$work/deb-of-another"
	# shellcheck disable=SC2086
	DEB_BUILD_OPTIONS=nocheck elsewhere "$work/deb-of-another" $nice \
		sh -ec "cd $release; dpkg-buildpackage -b -us -uc"
	cmp "$work/deb/$deb" "$work/deb-of-another/$deb"
}

# Who is loaded by name is recommended; the hook is where its description says.
contents()
{
	local wanted library hook
	rm -rf "$work/deb/x"
	dpkg -x "$work/deb/$deb" "$work/deb/x"
	for wanted in usr/bin/tfo usr/bin/tfo-run etc/tfoshim/policy.d \
		usr/share/man/man1/tfo.1.gz usr/share/man/man5/tfoshim.policy.5.gz \
		usr/share/man/man7/tfoshim.7.gz usr/share/tfoshim/policies/default.policy \
		usr/share/tfoshim/kubernetes/component/kustomization.yaml \
		usr/share/bash-completion/completions/tfo.bash \
		usr/share/zsh/site-functions/_tfo usr/share/fish/vendor_completions.d/tfo.fish; do
		[ -e "$work/deb/x/$wanted" ] || { echo "no $wanted"; return 1; }
	done
	hook=$(sed -n 's/.*"path": "\(.*\)".*/\1/p' "$work/deb/x/usr/share/tfoshim/oci/tfoshim.json")
	[ -n "$hook" ]
	[ -x "$work/deb/x$hook" ]
	for library in $(named "$work/deb/x/usr/bin/tfo"); do
		dpkg-deb -f "$work/deb/$deb" Depends Recommends | grep -wF "$(owner "$library")"
	done
}

# named FILE: the libraries whose names are in it; of OpenSSL one is enough
named()
{
	strings "$1" | grep -xE 'lib[a-z0-9+-]+\.so\.[0-9]+' | grep -vx libssl.so.1.1
}

# owner LIBRARY: the package that brings it; dpkg knows one of the two names of its folder
owner()
{
	local file
	file=$(readlink -e "$(gcc -print-file-name="$1")")
	{ dpkg -S "$file" || dpkg -S "${file#/usr}"; } 2> /dev/null | sed 's/:.*//'
}

packages()
{
	sed -n 's/^Package: //p' "$1/var/lib/dpkg/status" | sort
}

installs()
{
	ready minimal
	files "$roots/minimal" > "$work/before"
	cp "$work/deb/$deb" "$roots/minimal/tmp"
	packages "$roots/minimal" > "$work/had"
	within "$roots/minimal" apt-get -qq install -y "/tmp/$deb"
	within "$roots/minimal" tfo version
}

# Without a package more than it brings itself. What is written for the next start stays, as
# an administrator would have it, until the purge.
passes()
{
	mkdir -p "$roots/minimal/tmp/passes"
	cp debian/tests/doctor "$roots/minimal/tmp"
	alone tests/packaging/run --part within "$roots/minimal" env AUTOPKGTEST_TMP=/tmp/passes /tmp/doctor inside
}

autopkgtest_in()
{
	ready minimal
	mkdir -p "$work/adt-tree"
	tar -C "$work/adt-tree" -xzf "$tarball" --strip-components=1 "$release/debian"
	# shellcheck disable=SC2016
	unshare --mount --propagation private sh -ec 'mount -t proc proc "$1/proc"
		mount --bind /dev "$1/dev"
		exec autopkgtest "$2" "$3/" -- chroot "$1"' sh \
		"$roots/minimal" "$work/deb/$deb" "$work/adt-tree"
	[ "$(grep -cE '^(doctor|ride) +PASS$' "$log")" -ge 2 ]
}

# An administrator's policy stays over an upgrade and a removal, and goes with a purge.
manners()
{
	local policy=$roots/minimal/etc/tfoshim/policy.d/10-mine.policy
	printf '[connect *]\ntfo = off\n' > "$policy"
	within "$roots/minimal" sh -ec 'unshare --net tfo explain connect 192.0.2.1:80 |
		grep 10-mine.policy'
	within "$roots/minimal" dpkg -i "/tmp/$deb"
	[ -s "$policy" ]
	within "$roots/minimal" dpkg -r tfoshim
	[ -s "$policy" ]
	within "$roots/minimal" apt-get -qq install -y "/tmp/$deb"
	[ -s "$policy" ]
}

# everywhere ROOT: in front of every program there, and of a service
everywhere()
{
	mkdir -p "$1/etc/systemd/system"
	printf '[Service]\nExecStart=/bin/sleep 9\n' > "$1/etc/systemd/system/shop.service"
	within "$1" sh -ec 'tfo install --ld-so-preload; tfo install --systemd shop
		grep libtfoshim /proc/self/maps; grep libtfoshim /etc/systemd/system/shop.service.d/*'
}

# nowhere ROOT: whoever starts there does so without it, and nothing speaks of it
nowhere()
{
	rm "$1/etc/systemd/system/shop.service"
	[ ! -e "$1/etc/ld.so.preload" ] && [ ! -e "$1/etc/systemd/system/shop.service.d" ]
}

newer()
{
	rm -rf "$work/newer"
	dpkg-deb -R "$work/deb/$deb" "$work/newer"
	sed -i 's/^Version: .*/&+newer/' "$work/newer/DEBIAN/control"
	dpkg-deb -b "$work/newer" "$roots/minimal/tmp/newer.deb"
}

upgraded_everywhere()
{
	local root=$roots/minimal
	newer
	everywhere "$root"
	throughout "$root" within "$root" sh -ec 'dpkg -i /tmp/newer.deb
		grep libtfoshim /proc/self/maps
		dpkg -r tfoshim; if grep libtfoshim /proc/self/maps; then exit 1; fi'
	nowhere "$root"
}

fails()
{
	if "$@"; then return 1; fi
}

# refuses ROOT REMOVE...: what cannot be taken out stays, and so does the object, until it can
refuses()
{
	local root=$1
	shift
	everywhere "$root"
	ln "$root/etc/ld.so.preload" "$root/etc/twin"
	throughout "$root" fails "$@" 2>&1 | tee "$work/refused"
	grep 'hard links' "$work/refused"
	within "$root" sh -ec 'tfo version; grep libtfoshim /proc/self/maps'
	rm "$root/etc/twin"
	mv "$root/usr/bin/tfo" "$root/tmp/tfo"
	throughout "$root" fails "$@"
	mv "$root/tmp/tfo" "$root/usr/bin/tfo"
	within "$root" sh -ec 'tfo version; grep libtfoshim /proc/self/maps'
	throughout "$root" "$@"
	nowhere "$root"
}

refused_by_dpkg()
{
	within "$roots/minimal" apt-get -qq install -y "/tmp/$deb"
	refuses "$roots/minimal" within "$roots/minimal" dpkg -r tfoshim
}

# Another one in /usr/local, which programs and a service start with, is none of the package's.
spares_another()
{
	local root=$roots/minimal
	within "$root" apt-get -qq install -y "/tmp/$deb"
	# shellcheck disable=SC2016
	within "$root" sh -ec 'to=/usr/local/lib/tfoshim; mkdir -p "$to"
		from=$(dpkg -L tfoshim | sed -n "s,/libtfoshim.so$,,p")
		cp "$from/tfo-static" "$to/tfo"; cp "$from/libtfoshim.so" "$to"
		printf "[Service]\nExecStart=/bin/sleep 9\n" > /etc/systemd/system/shop.service
		"$to/tfo" install --ld-so-preload; "$to/tfo" install --systemd shop
		dpkg -r tfoshim
		grep "$to/libtfoshim.so" /proc/self/maps
		grep "$to/libtfoshim.so" /etc/systemd/system/shop.service.d/*
		"$to/tfo" uninstall --ld-so-preload; "$to/tfo" uninstall --systemd shop
		rm -r "$to"'
	nowhere "$root"
}

purged()
{
	within "$roots/minimal" apt-get -qq install -y "/tmp/$deb"
	mkdir -p "$roots/minimal/run/tfoshim" # as programs of root leave it
	touch "$roots/minimal/run/tfoshim/traffic"
	mkdir -p "$roots/minimal/etc/sysctl.d" # as tfo doctor has it
	echo 'net.ipv4.tcp_fastopen = 3' > "$roots/minimal/etc/sysctl.d/50-tfoshim-tcp_fastopen.conf"
	everywhere "$roots/minimal"
	throughout "$roots/minimal" within "$roots/minimal" dpkg -P tfoshim
	nowhere "$roots/minimal"
	# and what came with it
	packages "$roots/minimal" > "$work/has"
	# shellcheck disable=SC2046
	within "$roots/minimal" dpkg -P $(comm -13 "$work/had" "$work/has")
	files "$roots/minimal" > "$work/after"
	diff "$work/before" "$work/after"
	if grep tfoshim "$roots/minimal/var/lib/dpkg/status"; then return 1; fi
}

# With its tests, as a builder of packages has them.
older()
{
	ready older
	unpack "$roots/older/tmp"
	# shellcheck disable=SC2086
	within "$roots/older" $nice sh -ec "cd /tmp/$release
		dpkg-buildpackage -b -us -uc; dpkg -i ../$deb
		export AUTOPKGTEST_TMP=/tmp/adt; mkdir /tmp/adt
		debian/tests/doctor; debian/tests/ride; dpkg -P tfoshim"
	[ "$(grep -c '^PASS: tests/unit/' "$log")" -gt 20 ]
}

# All hooks, with what glibc 2.31 has in one library or another.
older_hooks()
{
	# shellcheck disable=SC2086
	within "$roots/older" $nice make -s -C "/tmp/$release" tests/peers/hooks.stamp
	# shellcheck disable=SC2016
	within "$roots/older" sh -ec 'cd "$1"; export LIB=$PWD/libtfoshim.so PEERS=$PWD/tests/peers
		tests/hooks/run' sh "/tmp/$release"
}
