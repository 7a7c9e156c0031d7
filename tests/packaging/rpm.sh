# shellcheck shell=bash disable=SC2154,SC2164 # a part of packaging/run: its names, its set -e
# SPDX-License-Identifier: MIT
# rpm: the rpm, in a root without an rpm of its own.

rpm_of()
{
	$nice make -s -C "$build" rpm RPMFLAGS='--nodeps --nocheck'
	rpm=$(echo "$build"/rpm/RPMS/*/"$release"-1.*.rpm)
	for library in $(named "$build/tfo"); do
		rpm -qp --requires --recommends "$rpm" | grep -F "$library("
	done
	cmp "$rpm" "$work/another/tree/rpm/${rpm#"$build/rpm/"}"
	rpm -qlp "$rpm" | sed 's,/lib64/,/lib/,' | sort > "$work/in_rpm"
	dpkg-deb --fsys-tarfile "$work/deb/$deb" | tar -t | sed -n 's,^\./\(.*[^/]\)$,/\1,p' |
		sed "s,/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)/,/lib/,
			/changelog.gz$/d; /copyright$/d; /policy.d/d; /examples/d; /lintian/d" > "$work/in_deb"
	sed -n "s,.*\"fileName\": \"\.$(sed -n 's/^prefix = //p' "$build/Makefile")\(/[^\"]*\)\".*,/usr\1,p" \
		"$build/$release.spdx.json" | sort > "$work/in_sbom"
	# a file of the one package is in the other, and among the parts that are told
	while read -r file; do
		grep -qx "${file%.gz}\(\.gz\)\?" "$work/in_rpm" || { echo "no $file"; return 1; }
		grep -qx "${file%.gz}" "$work/in_sbom" || { echo "no $file among the parts"; return 1; }
	done < "$work/in_deb"
}

rpm_lint()
{
	rpmlint --strict -c tests/packaging/rpmlint.toml "$build"/rpm/RPMS/*/"$release"-1.*.rpm \
		"$build/packaging/tfoshim.spec"
}

# rpm there, with our scripts; its own is not in a Debian
rpm_in()
{
	rpm --root "$1" --dbpath /var/lib/rpm "${@:2}"
}

rpm_installs()
{
	ready plain
	files "$roots/plain" > "$work/before_rpm"
	rpm_in "$roots/plain" --initdb
	rpm_in "$roots/plain" -i --nodeps "$build"/rpm/RPMS/*/"$release"-1.*.rpm
	within "$roots/plain" sh -ec 'tfo version; tfo-run true
		tfo run -- sh -c "grep -q libtfoshim /proc/self/maps"'
	mkdir -p "$roots/plain/tmp/doctor"
	cp debian/tests/doctor "$roots/plain/tmp/doctor"
	alone tests/packaging/run --part within "$roots/plain" env AUTOPKGTEST_TMP=/tmp/doctor \
		/tmp/doctor/doctor inside
	rm -rf "$roots/plain/etc/sysctl.d" # the administrator's
	everywhere "$roots/plain"
	throughout "$roots/plain" rpm_in "$roots/plain" -U --force --nodeps \
		"$build"/rpm/RPMS/*/"$release"-1.*.rpm
	within "$roots/plain" grep libtfoshim /proc/self/maps
	refuses "$roots/plain" rpm_in "$roots/plain" -e tfoshim
	rm -rf "$roots/plain/var/lib/rpm"
	files "$roots/plain" > "$work/after_rpm"
	diff "$work/before_rpm" "$work/after_rpm"
}
