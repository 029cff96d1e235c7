#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The Debian packages: made by CPack from this build, what they say of themselves, and, as root, unpacked into a folder by dpkg, used and removed.
set -u
[ -z "${ASHLAR_SANITIZE:-}" ] || { echo "skipped: nobody packs a sanitized program"; exit 77; }
for tool in cpack dpkg-deb dpkg-shlibdeps file; do
    command -v $tool >/dev/null || { echo "skipped: $tool is not installed (Debian: cmake, dpkg-dev, file)"; exit 77; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
fail() { echo "FAIL: $1"; exit 1; }
cpack --config "$ASHLAR_BUILD/CPackConfig.cmake" -G DEB -B "$folder" >log 2>&1 || fail "$(tail -30 log)"
[ "$(ls *.deb | sed 's/_.*//' | tr '\n' ' ')" = "ashlar libashlar-dev libashlar0 " ] || fail "packages: $(ls)"

field() { dpkg-deb -f $1_*.deb $2; }
version=$(field ashlar Version)
[ "ashlar $version" = "$("$ASHLAR" --version)" ] || fail "version $version"
# found by dpkg-shlibdeps: what the program was linked with
for package in ashlar libashlar0; do
    for library in libc6 libgsl libsqlite3-0 libyaml-0-2 libjansson4 libnettle zlib1g libgomp1; do
        field $package Depends | grep -q "$library" || fail "$package does not depend on $library: $(field $package Depends)"
    done
done
field ashlar Depends | grep -q libsmartcols1 || fail "ashlar does not depend on libsmartcols1"
[ "$(field libashlar-dev Depends)" = "libashlar0 (= $version)" ] || fail "libashlar-dev depends on $(field libashlar-dev Depends)"
for package in ashlar libashlar-dev libashlar0; do
    for name in Maintainer Section Description Installed-Size; do
        [ -n "$(field $package $name)" ] || fail "$package has no $name"
    done
    [ "$(field $package Architecture)" = "$(dpkg --print-architecture)" ] || fail "architecture of $package"
    # what lintian would say: copyright and changelog, root's files, no write for others, directories that can be entered
    dpkg-deb -c ${package}_*.deb >list
    for file in copyright changelog.gz; do
        grep -q " ./usr/share/doc/$package/$file$" list || fail "$package has no $file"
    done
    awk '$2 != "root/root" || $1 ~ /^[^l](....w|.......w)/ || ($1 ~ /^d/ && $1 !~ /^drwxr-xr-x/) { print; bad = 1 } END { exit !bad }' list && fail "permissions in $package"
done
dpkg-deb -c ashlar_*.deb | awk '{print $6}' >list
for file in bin/ashlar share/man/man1/ashlar.1.gz share/man/man1/ashlar-run.1.gz share/man/man5/ashlar-runfile.5.gz share/ashlar/examples/digits.yaml share/doc/ashlar/docs/search-space.md \
            share/bash-completion/completions/ashlar share/zsh/vendor-completions/_ashlar share/fish/vendor_completions.d/ashlar.fish; do
    grep -qx "./usr/$file" list || fail "ashlar lacks $file"
done
dpkg-deb -c libashlar-dev_*.deb | awk '{print $6}' >list
for file in include/ashlar.h 'lib.*/libashlar.a' 'lib.*/libashlar.so' 'lib.*/pkgconfig/ashlar.pc' 'lib.*/cmake/Ashlar/AshlarConfig.cmake'; do
    grep -qx "./usr/$file" list || fail "libashlar-dev lacks $file: $(cat list)"
done
dpkg-deb -x ashlar_*.deb unpacked
! file unpacked/usr/bin/ashlar | grep -q 'not stripped' || fail "the program is not stripped"

[ "$(id -u)" = 0 ] || { echo "not root: not installed"; exit 0; }
mkdir -p root/var/lib/dpkg/{info,updates,triggers}
touch root/var/lib/dpkg/{status,available}
install_into="dpkg --root=$folder/root --force-depends --force-script-chrootless --log=$folder/dpkg.log"
$install_into -i *.deb >log 2>&1 || fail "installing: $(cat log)"
ashlar=$folder/root/usr/bin/ashlar
mkdir elsewhere && cd elsewhere || exit 1
"$ashlar" run ../root/usr/share/ashlar/examples/digits.yaml -q --evaluations 2 --set train.epochs=1 --set data.limit=100 >out 2>err || fail "an installed example: $(cat err)"
[ -s digits.db ] || fail "no database in the working directory"
cd ..
$install_into -r ashlar libashlar-dev libashlar0 >log 2>&1 || fail "removing: $(cat log)"
[ "$(find root -path root/var -prune -o -type f -print | wc -l)" = 0 ] || fail "left behind: $(find root -path root/var -prune -o -type f -print)"
