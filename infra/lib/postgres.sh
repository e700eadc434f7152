# A private PostgreSQL server. Sourced after common.sh; start_postgres DIRECTORY PORT [SETTING=VALUE...] sets pg_super (its URI of the superuser).
# How it checks passwords, if it is new: pg_authentication, a method of pg_hba.conf.
# shellcheck shell=bash

# PostgreSQL refuses to run as root: then it runs as the user postgres, who owns the data directory and may pass the directories above it
# (CAP_DAC_READ_SEARCH), so that a clone in a home directory that is closed to others works too.
as_postgres() {
  if [ "$(id -u)" != 0 ]; then "$@"; return; fi
  (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=+dac_read_search --ambient-caps=+dac_read_search -- "$@")
}

start_postgres() {
  local directory=$1 port=$2 log="$logs/postgres.log" settings=() setting
  shift 2
  for setting in "$@"; do settings+=("-c $setting"); done
  local data="$directory/data" password="$directory/superuser"
  mkdir -p "$directory"
  [ "$(id -u)" != 0 ] || chown postgres: "$directory"
  if [ ! -s "$data/PG_VERSION" ]; then
    rm -rf "$data"
    (umask 077 && random_secret >"$password")
    [ "$(id -u)" != 0 ] || chown postgres: "$password"
    as_postgres "$pg/initdb" -D "$data" -U postgres -A "${pg_authentication:-scram-sha-256}" --pwfile="$password" -E UTF8 --locale=C.UTF-8 >>"$log" 2>&1 ||
      die "creating the database server" "initdb refused" "read the log; if the directory is not reachable for the user postgres, clone somewhere else, or run as an ordinary user" "$log"
  fi
  if ! as_postgres "$pg/pg_ctl" -D "$data" status >/dev/null 2>&1; then
    as_postgres "$pg/pg_ctl" -D "$data" -w -t 60 -l "$directory/server.log" \
      -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=300 ${settings[*]}" start >>"$log" 2>&1 9>&- ||
      die "starting the database server" "pg_ctl could not start it on port $port" "read the log; if the port is taken, stop what holds it, or start over with --reset" "$directory/server.log"
  fi
  pg_super="postgresql://postgres:$(cat "$password")@127.0.0.1:$port"
}

stop_postgres() {
  [ ! -s "$1/data/postmaster.pid" ] || as_postgres "$pg/pg_ctl" -D "$1/data" -m fast -w stop >/dev/null 2>&1 || true
}
