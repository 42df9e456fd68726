#!/bin/sh
# build-image.sh <image> <root image> <folder of the Dockerfile> <Maven version> <Debian package>...
# Builds a service's image without any image registry: a root file system of unpacked Debian packages
# is the image below, the folder's Dockerfile does the rest. A pom.xml in the folder names jars: they
# lie in jars/ when the Dockerfile runs; its ${service.version} is the Maven version. Debian, root.
# Builds may run side by side: what two of them need, or cannot do at a time, is behind a lock.
set -eu

image=$1 root_image=$2 folder=$3 maven_version=$4
shift 4
say() { echo "test services: $*"; }
have() { docker image inspect "$1" >/dev/null 2>&1; }
locked() { # name, command...
  (
    flock -w 600 9
    shift
    "$@"
  ) 9>"/var/lock/flinkts-$1.lock"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

apt() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=120 "$@" >"$work/apt.log" 2>&1
}
apt_updated() { # tried first with the lists of packages that are there
  apt "$@" || { apt-get update -qq && apt "$@"; } || { tail -n 20 "$work/apt.log" >&2; return 1; }
}

# Resolving against an empty list of installed packages downloads everything the packages need.
download() {
  apt_updated --download-only -o APT::Sandbox::User=root \
    -o Dir::State::status="$work/status" -o Dir::Cache::archives="$work/packages" "$@"
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

build_root() { # Debian packages
  ! have "$root_image" || return 0
  say "building $root_image from Debian's packages: $*"
  mkdir -p "$work/packages/partial" "$work/root"
  : >"$work/status"
  locked apt download busybox-static "$@"
  drop_unused
  unpack
  tar -C "$work/root" --owner=0 --group=0 --numeric-owner -cf "$work/root.tar" .
  docker import -c 'ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8' "$work/root.tar" \
    "$root_image" >/dev/null
}

# Maven's own settings decide where jars come from, and its local repository keeps them.
download_jars() {
  if ! command -v mvn >/dev/null; then
    say "installing maven from Debian's packages"
    locked apt apt_updated maven
  fi
  say "resolving the jars of $image"
  MAVEN_OPTS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC ${MAVEN_OPTS:-}" \
    mvn -B -q -f "$work/context/pom.xml" -Dservice.version="$maven_version" \
    dependency:copy-dependencies -DoutputDirectory="$work/context/jars" \
    >"$work/maven.log" 2>&1 || { tail -n 30 "$work/maven.log" >&2; return 1; }
}

build_image() { # Debian packages
  ! have "$image" || return 0
  cp -R "$folder" "$work/context"
  jars=
  if [ -f "$folder/pom.xml" ]; then
    locked maven download_jars &
    jars=$!
  fi
  locked "root-${root_image##*:}" build_root "$@"
  [ -z "$jars" ] || wait "$jars"
  say "building $image"
  # Debian's engine comes without BuildKit; the older builder is in all of them.
  DOCKER_BUILDKIT=0 docker build -q --build-arg "ROOT=$root_image" -t "$image" "$work/context" \
    >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; return 1; }
}

locked "image-${image##*:}" build_image "$@"
