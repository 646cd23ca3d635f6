#!/bin/sh
# A PostgreSQL server for the tests: Debian's package on a temporary data directory and a free port of 127.0.0.1.
#
#   start-postgres.sh start <state folder>   starts it and prints its URL
#   start-postgres.sh stop <state folder>    stops it and deletes all that it stored
set -eu

fail() {
  echo "start-postgres.sh: $1" >&2
  exit 1
}

[ $# -eq 2 ] || fail 'usage: start-postgres.sh start|stop <state folder>'
mkdir -p "$2"
state=$(cd "$2" && pwd)

programs=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
[ -x "$programs/initdb" ] || fail 'no PostgreSQL server found: apt-get install postgresql'

# PostgreSQL refuses to run as root.
as_server() {
  if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

free_port() {
  node -e "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })"
}

start() {
  [ ! -e "$state/home" ] || fail "a server was started from $state already: stop it first"
  # Not below the state folder: the server's user must reach it, and a socket's path is at most 107 bytes.
  home=$(mktemp -d /tmp/mintmark-postgres-XXXXXX)
  echo "$home" >"$state/home"
  [ "$(id -u)" -ne 0 ] || chown postgres "$home"
  cd "$home"
  as_server "$programs/initdb" -D "$home/data" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync \
    >"$state/initdb.log" 2>&1 || fail "initdb failed, see $state/initdb.log"
  # Between choosing a free port and listening on it another program may take it.
  for _ in 1 2 3 4 5; do
    port=$(free_port)
    if as_server "$programs/pg_ctl" start --wait --silent --pgdata "$home/data" --log "$home/log" --options \
      "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$home -c max_connections=300 -c fsync=off" \
      >/dev/null 2>&1; then
      echo "postgres://postgres@127.0.0.1:$port/postgres"
      return
    fi
  done
  cat "$home/log" >&2
  fail 'the server did not start'
}

stop() {
  [ -e "$state/home" ] || return 0
  home=$(cat "$state/home")
  cd /
  as_server "$programs/pg_ctl" stop --mode=immediate --silent --pgdata "$home/data" >/dev/null 2>&1 || true
  rm -rf "$home"
  rm -f "$state/home" "$state/initdb.log"
}

case $1 in
  start) start ;;
  stop) stop ;;
  *) fail "no such command: $1" ;;
esac
