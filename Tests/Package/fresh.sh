#!/usr/bin/env bash
# fresh.sh [demo|fast TOOLS]: a new Debian 12 by debootstrap, this machine's Swift toolchain put into it, and
# then what README.md promises: `make demo` and `make test`, with nothing installed by hand. As root.
# demo: leaves `make test` out. fast: nothing is compiled there: `make deps` alone has to give what the
# package needs, and the demo is shown by tools of TOOLS, which were built outside.
# MX_FRESH_ROOT=DIR takes a root that debootstrap has made before.
#
# What Debian has beside its minimum: make and certificates, and what swift.org's page of the toolchain
# asks for. Everything else is the Makefile's business.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v debootstrap >/dev/null || { echo "fresh: no debootstrap here: apt-get install debootstrap" >&2; exit 77; }
[ "$(id -u)" -eq 0 ] || { echo "fresh: only root can make a root" >&2; exit 77; }
form=${1:-whole}
[ "$form" != fast ] || tools=$(cd "$2" && pwd)
swift=$(dirname "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")")
[ -x "$swift/usr/bin/swift" ] || { echo "fresh: $swift is no toolchain of swift.org" >&2; exit 77; }
toolchain=binutils,git,libc6-dev,libcurl4-openssl-dev,libedit2,libgcc-12-dev,libncurses6,libpython3.11,libsqlite3-0,libstdc++-12-dev,libxml2-dev,libz3-dev,pkg-config,tzdata,zlib1g-dev,gnupg2,unzip

root=${MX_FRESH_ROOT:-$(mktemp -d)}
clean() {
  for place in swift proc sys dev/pts dev; do umount -q "$root/$place" || true; done
  [ -n "${MX_FRESH_ROOT:-}" ] || rm -rf --one-file-system "$root"
}
trap clean EXIT
chmod 755 "$root"
if [ ! -e "$root/usr/bin/make" ]; then
  debootstrap --variant=minbase --include="make,ca-certificates,$toolchain" bookworm "$root" > "$root.log" 2>&1 \
    || { tail -n 20 "$root.log" >&2; exit 1; }
  rm -f "$root.log"
fi
mkdir -p "$root/swift" "$root/usr/src"
mount --bind -o ro "$swift" "$root/swift"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount --bind /dev "$root/dev"
cp /etc/resolv.conf "$root/etc/resolv.conf"
rm -rf "$root/usr/src/mx"
git clone -q . "$root/usr/src/mx"
inside() {
  chroot "$root" env -i PATH=/swift/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    sh -c "cd /usr/src/mx && $1"
}
measured() {
  local begin=$SECONDS
  inside "$1" > "$root/log" 2>&1 || { tail -n 60 "$root/log" >&2; echo "fresh: $1: FAILED" >&2; exit 1; }
  tail -n "$2" "$root/log"
  echo "fresh: $1: passed in $((SECONDS - begin)) s"
}
if [ "$form" = fast ]; then
  measured 'make deps && swift package describe --type json > /dev/null && pkg-config --exists libzstd sqlite3 re2 libcurl yaml-0.1 zlib' 3
  mkdir -p "$root/usr/src/tools"
  for name in ingest compact rollup query alert render net; do cp -- "$tools/mx-$name" "$root/usr/src/tools"; done
  # What was built for debugging is not quite static.
  measured 'LD_LIBRARY_PATH=/swift/usr/lib/swift/linux jobs/demo.sh /usr/src/tools' 8
  exit 0
fi
measured 'make demo' 8
[ "$form" = demo ] || measured 'make test' 4
