#!/usr/bin/env bash
# chroot.sh PACKAGE: installs the package in a fresh Debian 12 (debootstrap), runs its demo as an
# unprivileged user, purges it, and compares the files with those before. As root; 77 where it cannot.
set -euo pipefail
package=$1
command -v debootstrap >/dev/null || { echo "no debootstrap here"; exit 77; }
[ "$(id -u)" -eq 0 ] || { echo "only root can make a root"; exit 77; }
root=$(mktemp -d)
trap 'umount -q "$root/proc" || true; rm -rf "$root"' EXIT
chmod 755 "$root"
debootstrap --variant=minbase bookworm "$root" >/dev/null
mount -t proc proc "$root/proc"
cp "$package" "$root/mx.deb"
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
files() { (cd "$root" && find bin etc lib opt root sbin srv usr var -xdev ! -type d \
  ! -path 'var/lib/dpkg/*' ! -path 'var/cache/*' ! -path 'var/log/*' ! -path 'etc/ld.so.cache' | sort); }

inside apt-get -q install -y --no-install-recommends libcurl4 >/dev/null
inside useradd --create-home --shell /bin/bash person
files > "$root/before"
inside dpkg -i /mx.deb
[ "$(stat -c '%U %a' "$root/var/lib/mx" 2>/dev/null | sed 's/UNKNOWN/mx/')" = "mx 750" ] \
  || inside stat -c '%U %a' /var/lib/mx | grep -qx 'mx 750'
inside su - person -c '/usr/share/doc/mx/examples/demo.sh' | tail -n 9
# Rules and dashboards of the package, as cron would run them.
inside su -s /bin/sh mx -c 'cd /var/lib/mx && export MX_STORE=/var/lib/mx/store && mx-ingest host &&
  mx-alert run --rules "/etc/mx/rules/*.yml" --notify /etc/mx/notify.yml && mx-rollup &&
  mx-render --out /var/lib/mx/site /etc/mx/reports && mx-compact && mx-compact health'
inside dpkg --purge mx
inside test -d /var/lib/mx/store
rm -rf "$root/var/lib/mx" "$root/home/person/mx-demo"
files > "$root/after"
# Accounts stay, as Debian has it; their files may differ, no file may be new or gone.
diff <(grep -v '^etc/\(passwd\|group\|shadow\|gshadow\|subuid\|subgid\)-\?$' "$root/before") \
  <(grep -v '^etc/\(passwd\|group\|shadow\|gshadow\|subuid\|subgid\)-\?$' "$root/after")
echo "installed, used and purged"
