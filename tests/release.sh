#!/bin/sh
# usage: BUILD=FOLDER VERSION=VERSION release.sh TEST
# Checks what `make release` made. Another user, in another folder, by another
# umask and in another time zone, makes the same to the byte. Its programs are
# those that `make check-static` and `make cross` tested, and each passes TEST
# where the root holds nothing but it and, for another processor, qemu.
set -eu
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
unset MAKEFLAGS
failed=0
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT

# Hard links would hand the objects of this repository to the other user.
git clone -q --no-hardlinks -c tar.umask=user . "$there/it's another"
as_other=
if [ "$(id -u)" -eq 0 ]; then
	chown -R 65534:65534 "$there"
	as_other='setpriv --reuid=65534 --regid=65534 --clear-groups'
fi
(
	cd "$there/it's another"
	umask 077
	# shellcheck disable=SC2086 # a command, word by word
	HOME=$there TZ=Asia/Kolkata $as_other make BUILD=build release
) >"$there/log" 2>&1 || {
	cat "$there/log"
	exit 1
}
(cd "$BUILD/release" && sha256sum -c SHA256SUMS >/dev/null)
diff -r "$BUILD/release" "$there/it's another/build/release"
echo 'release: the same when it is built again'

# Who may not change its root may do so as root of a namespace of users.
enter=chroot
chroot / true 2>/dev/null || enter='unshare -r chroot'

skip() {
	echo "skipped: release: $arch, alone: not found: $1"
	echo '0 passed, 0 failed, 1 skipped'
}

# Has the test run the file of $arch alone.
alone() {
	$enter / true 2>/dev/null || {
		skip 'the right to chroot'
		return
	}
	root=$there/$arch
	mkdir "$root"
	cp "$file" "$root/server"
	emulator=
	if [ "$arch" != "$(uname -m)" ]; then
		emulator=/qemu
		qemu=$(command -v "qemu-$arch-static" ||
			command -v "qemu-$arch") || :
		cp "${qemu:-/dev/null}" "$root/qemu"
		$enter "$root" /qemu --version >/dev/null 2>&1 || {
			skip "a qemu-$arch that is static"
			return
		}
	fi
	printf '#!/bin/sh\nexec %s "%s" %s /server "$@"\n' "$enter" "$root" \
		"$emulator" >"$there/in-$arch"
	chmod +x "$there/in-$arch"
	tests/run.sh "$there/in-$arch" "$1"
}

for arch in x86_64 aarch64 s390x; do
	file=$BUILD/release/server-$VERSION-$arch-linux
	tested=$BUILD/$arch/static/server
	[ -e "$file" ] || continue
	echo "release: $arch, alone"
	[ "$arch" != "$(uname -m)" ] || tested=$BUILD/static/server
	cmp "$tested" "$file" && alone "$1" || failed=1
done
exit "$failed"
