#!/usr/bin/env bash
# run.sh RELEASE-DIR [full]: what `make install`, `make uninstall`, `make deb` and `make release` give
# is complete, the same each time, and goes away again. What is not installed here (lintian, mandoc,
# zsh, fish) is said and left out.
# full: the package is also installed, used and purged in a fresh Debian (debootstrap, as root; a minute).
set -euo pipefail
release=$(cd "$1" && pwd) mode=${2:-fast}
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
passed=0 failed=0 skipped=0
tools=(mx-ingest mx-compact mx-rollup mx-query mx-alert mx-render)

# check NAME COMMAND...: one line where it fails, with what it printed.
check() {
  local name=$1 code
  shift
  # Behind '||' or 'if' the shell would go on after a failure inside.
  set +e
  (set -e; "$@") > "$work/out" 2>&1
  code=$?
  set -e
  case $code in
    0) passed=$((passed + 1)) ;;
    77) skipped=$((skipped + 1)); echo "package: skipped: $name: $(tail -n 1 "$work/out")" ;;
    *) failed=$((failed + 1)); echo "package: FAILED: $name" >&2; sed 's/^/    /' "$work/out" >&2 ;;
  esac
}
needs() { command -v "$1" >/dev/null || { echo "no $1 here"; exit 77; }; }
version=$("$release/mx-query" --version | sed 's/.* //')
root=$work/root prefix=/srv/mx

# --- make install, make uninstall

installs() { .ci/install "$release" "$root" "$prefix"; }
starts() {
  for tool in "${tools[@]}"; do
    [ "$("$root$prefix/bin/$tool" --version)" = "$tool $version" ]
    # Static: nothing of this machine is needed but the kernel.
    if ldd "$root$prefix/bin/$tool" 2>/dev/null | grep '=>'; then return 1; fi
  done
}
network() {
  # The helper is found beside the tools, and only asked where a URL is named.
  local code=0
  "$root$prefix/bin/mx-query" --source http://127.0.0.1:9/ up 2> "$work/said" || code=$?
  cat "$work/said"
  [ "$code" -eq 5 ] && grep -q 127.0.0.1 "$work/said"
}
manuals() {
  needs mandoc
  mandoc -Tlint -W warning "$root$prefix"/share/man/man*/*
}
manuals_by_man() {
  needs man
  for page in "$root$prefix"/share/man/man*/*; do
    LC_ALL=C.UTF-8 man --warnings=all -l "$page" > "$work/page" 2> "$work/said"
    [ ! -s "$work/said" ] || { cat "$work/said"; return 1; }
    col -b < "$work/page" | grep -c '^NAME' >/dev/null
  done
}
units() {
  needs systemd-analyze
  mkdir -p "$work/units"
  cp "$root$prefix"/lib/systemd/system/mx* "$work/units/"
  sed -i "s|^ExecStart=mx-|ExecStart=$root$prefix/bin/mx-|" "$work"/units/*.service
  (cd "$work/units" && systemd-analyze verify --man=no ./*.service ./*.timer ./*.target ./*.socket ./*.path)
}
bash_completes() {
  # Asks the function what the shell would ask, behind 'mx-query --fo' and 'mx-compact ver'.
  bash -euc '
    completed() {
      . "$1/$2"
      local function; function=$(complete -p "$2" | sed "s/.*-F \([^ ]*\).*/\1/")
      COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2)) COMPREPLY=()
      "$function" "$2" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}" || true
      printf "%s\n" "${COMPREPLY[@]}"
    }
    completed "$0" mx-query --fo | grep -qx -- "--format"
    completed "$0" mx-query --format pro | grep -qx prom-json
    completed "$0" mx-compact ver | grep -qx verify
    completed "$0" mx-compact verify --de | grep -qx -- --deep
  ' "$root$prefix/share/bash-completion/completions"
}
zsh_completes() {
  needs zsh
  timeout 30 Tests/Package/complete.zsh "$root$prefix/share/zsh/site-functions"
}
fish_completes() {
  needs fish
  local home=$work/fish
  mkdir -p "$home/.config/fish/completions"
  cp "$root$prefix"/share/fish/vendor_completions.d/* "$home/.config/fish/completions/"
  asked() { HOME=$home XDG_CONFIG_HOME=$home/.config PATH=$root$prefix/bin:$PATH fish -c "complete -C '$1'" > "$work/asked"; }
  asked 'mx-query --fo' && grep -q -- '^--format' "$work/asked"
  asked 'mx-query --format pro' && grep -q '^prom-json' "$work/asked"
  asked 'mx-compact veri' && grep -q '^verify' "$work/asked"
}
uninstalls() {
  touch "$root$prefix/bin/of-somebody-else"
  .ci/install --remove "$root" "$prefix"
  [ "$(find "$root" -type f)" = "$root$prefix/bin/of-somebody-else" ]
  [ ! -e "$root$prefix/share/doc/mx" ] && [ ! -e "$root$prefix/lib/mx" ]
}

# --- make deb

builds_twice_the_same() {
  mkdir -p "$work/a" "$work/b"
  DEB_PACKING="-Zgzip -z1" .ci/deb "$release" "$version" "$work/a"
  # File dates of a second build differ, what is packed must not.
  find .build/deb -exec touch -h {} + 2>/dev/null || true
  DEB_PACKING="-Zgzip -z1" .ci/deb "$release" "$version" "$work/b"
  sha256sum "$work"/a/*.deb "$work"/b/*.deb | tee "$work/sums"
  [ "$(cut -d ' ' -f 1 "$work/sums" | sort -u | wc -l)" -eq 1 ]
}
lints() {
  needs lintian
  lintian --allow-root --fail-on error "$work"/a/*.deb
}
as_nobody() {
  # The demo of the package by somebody who owns nothing of it, in a home of their own.
  dpkg-deb -x "$work"/a/*.deb "$work/deb"
  mkdir -p "$work/home"
  if [ "$(id -u)" -eq 0 ]; then
    chown nobody "$work/home"
    (cd "$work/home" && setpriv --reuid nobody --regid nogroup --clear-groups env -i HOME="$work/home" \
      PATH="$work/deb/usr/bin:/usr/bin:/bin" "$work/deb/usr/share/doc/mx/examples/demo.sh")
  else
    (cd "$work/home" && PATH="$work/deb/usr/bin:/usr/bin:/bin" "$work/deb/usr/share/doc/mx/examples/demo.sh")
  fi > "$work/demo" 2>&1 || { cat "$work/demo"; return 1; }
  grep -q '^== Done: ' "$work/demo"
  [ -s "$work/home/mx-demo/site/index.html" ] && [ "$(wc -l < "$work/home/mx-demo/notices.log")" -eq 2 ]
}
configuration_is_valid() {
  local bin=$work/deb/usr/bin etc=$work/deb/etc/mx
  "$bin/mx-ingest" --store "$work/none" scrape --config "$etc/scrape.yml" --check
  "$bin/mx-alert" --store "$work/none" lint "$etc"/rules/*.yml
}

# --- make release

archives_twice_the_same() {
  needs git
  local sums
  sums=$(for _ in 1 2; do
    make --silent --old-file=tools --no-print-directory release >/dev/null && sha256sum "mx-$version.tar.gz"
    sleep 1
  done)
  rm -f "mx-$version.tar.gz"
  echo "$sums"
  [ "$(sort -u <<< "$sums" | wc -l)" -eq 1 ]
}

check 'make install puts everything in place' installs
check 'each tool starts and is static' starts
check 'the network helper is found' network
check 'manual pages (mandoc)' manuals
check 'manual pages (man)' manuals_by_man
check 'systemd units' units
check 'completions in bash' bash_completes
check 'completions in zsh' zsh_completes
check 'completions in fish' fish_completes
check 'make uninstall takes everything away' uninstalls
check 'the package is the same twice' builds_twice_the_same
check 'lintian finds no error' lints
check 'the demo of the package as an unprivileged user' as_nobody
check 'the configuration of the package is valid' configuration_is_valid
check 'the release archive is the same twice' archives_twice_the_same
if [ "$mode" = full ]; then
  check 'in a fresh Debian: install, use, purge' Tests/Package/chroot.sh "$work"/a/*.deb
fi
echo "package: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
