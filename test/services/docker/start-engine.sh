#!/bin/sh
# Makes a Docker engine answer on a Debian machine, as root: installs Debian's engine where there is
# none, and starts it. May be run by several processes at a time: one works, the others wait for it.
set -eu

log=/var/log/flinkts-dockerd.log
say() { echo "test services: $*"; }
answers() { docker version >/dev/null 2>&1; }
alive() { # pid file, name of the process
  pid=$(cat "$1" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] &&
    ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null
}
installed() {
  command -v docker >/dev/null && command -v dockerd >/dev/null && command -v iptables >/dev/null
}
install_engine() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=120 docker.io iptables >"$log" 2>&1
}

exec 9>/var/lock/flinkts-docker.lock
flock -w 300 9
answers && exit 0

if ! installed; then
  say "installing docker.io and iptables from Debian's packages"
  install_engine || { apt-get update -qq && install_engine; } || { tail -n 20 "$log" >&2; exit 1; }
fi

# A killed engine leaves its pid files behind, and the next one refuses to start while any process,
# even a foreign one, has such a pid. A live one may be starting right now: leave it alone.
engine=
if ! alive /var/run/docker.pid dockerd; then
  alive /var/run/docker/containerd/containerd.pid containerd ||
    rm -f /var/run/docker/containerd/containerd.pid
  rm -f /var/run/docker.pid
  say "starting dockerd (it stays; its log is $log)"
  # The engine must not inherit the lock.
  setsid nohup dockerd >"$log" 2>&1 </dev/null 9>&- &
  engine=$!
fi

tries=300
while [ "$tries" -gt 0 ]; do
  answers && exit 0
  [ -z "$engine" ] || kill -0 "$engine" 2>/dev/null || break
  sleep 0.1
  tries=$((tries - 1))
done
echo "the Docker engine did not answer within 30 s; the end of $log:" >&2
tail -n 20 "$log" >&2
exit 1
