#!/bin/sh
# build-image.sh <image> <root image> <folder of the Dockerfile> <Debian package>...
# Builds a service's image without any image registry: a root file system of unpacked Debian packages
# is the image below, the folder's Dockerfile does the rest. Debian, root. One build at a time.
set -eu

image=$1 root_image=$2 folder=$3
shift 3
say() { echo "test services: $*"; }
have() { docker image inspect "$1" >/dev/null 2>&1; }

exec 9>/var/lock/flinkts-images.lock
flock -w 600 9
have "$image" && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Resolving against an empty list of installed packages downloads everything the packages need.
download() {
  apt-get install -y -qq --no-install-recommends --download-only -o APT::Sandbox::User=root \
    -o Dir::State::status="$work/status" -o Dir::Cache::archives="$work/packages" "$@" \
    >"$work/log" 2>&1
}

# What only maintainers' scripts, translations and a JIT compiler need. Nothing here runs them.
drop_unused() {
  cd "$work/packages"
  rm -f perl*.deb libperl*.deb locales_*.deb libc-l10n_*.deb libllvm*.deb libz3*.deb
  cd - >/dev/null
}

unpack() {
  for package in "$work"/packages/*.deb; do echo "$package"; done |
    xargs -P 2 -I '{}' dpkg-deb -x '{}' "$work/root"
  cd "$work/root"
  mkdir -p bin dev proc sys tmp root etc var/run
  chmod 1777 tmp
  for tool in $(bin/busybox --list); do [ -e "bin/$tool" ] || ln -s busybox "bin/$tool"; done
  printf 'root:x:0:0::/root:/bin/sh\n' >etc/passwd
  printf 'root:x:0:\n' >etc/group
  rm -rf usr/share/doc usr/share/man usr/share/locale usr/lib/postgresql/*/lib/llvmjit.so \
    usr/lib/postgresql/*/lib/bitcode
  cd - >/dev/null
}

if ! have "$root_image"; then
  say "building $root_image from Debian's packages: $*"
  mkdir -p "$work/packages/partial" "$work/root"
  : >"$work/status"
  download busybox-static "$@" || { apt-get update -qq && download busybox-static "$@"; } ||
    { tail -n 20 "$work/log" >&2; exit 1; }
  drop_unused
  unpack
  tar -C "$work/root" --owner=0 --group=0 --numeric-owner -cf "$work/root.tar" .
  docker import -c 'ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8' "$work/root.tar" \
    "$root_image" >/dev/null
fi

say "building $image"
# Debian's engine comes without BuildKit; the older builder is in all of them.
DOCKER_BUILDKIT=0 docker build -q --build-arg "ROOT=$root_image" -t "$image" "$folder" \
  >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
