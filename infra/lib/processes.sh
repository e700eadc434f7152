# The processes of infra/up: each has a pid file, a log, and a line in stop_all. Sourced after common.sh.
# shellcheck shell=bash

started=$EPOCHREALTIME
names=()

since() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", to - from }'; }

# begin TITLE ... finish RESULT: a line per step, with its time. At a terminal the time runs while the step does.
begin() {
  step_title=$1 step_from=$EPOCHREALTIME ticker=''
  printf '  %-37s' "$1"
  if [ -t 1 ]; then
    (while sleep 1; do printf '\r  %-37s%8s' "$step_title" "$(since "$step_from")"; done) 9>&- &
    ticker=$!
  fi
}
finish() {
  still
  printf '%8s   %s\n' "$(since "$step_from")" "${1:-}"
}
# Ends the running time, so that other words can follow.
still() {
  [ -n "${ticker:-}" ] || return 0
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  ticker=''
  printf '\r  %-37s' "$step_title"
}

hide() { sed -E 's#(//[^:]+):[^@]*@#\1:***@#' <<<"$1"; }

# start NAME COMMAND...: in a session of its own, so that Ctrl-C reaches only this script, which then stops it in order.
start() {
  local name=$1
  shift
  setsid "$@" >>"$logs/$name.log" 2>&1 </dev/null 9>&- &
  echo $! >"$state/run/$name.pid"
  disown # bash would tell of its end in words of its own
  names+=("$name")
}

alive() { [ -s "$state/run/$1.pid" ] && kill -0 "$(cat "$state/run/$1.pid")" 2>/dev/null; }

# A pid may have been given to another program since: only what runs out of this clone is ours.
is_ours() { { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null | grep -qF "$root/"; }

stop() {
  local pid file="$state/run/$1.pid"
  [ -s "$file" ] || return 0
  pid=$(cat "$file")
  if is_ours "$pid"; then
    kill -TERM "$pid" 2>/dev/null || true
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    ! kill -0 "$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$file"
}

stop_all() {
  local code=$?
  trap - EXIT INT TERM
  [ -z "${ticker:-}" ] || kill "$ticker" 2>/dev/null || true
  [ "$code" -lt 128 ] || printf '\nStopping what was started …\n' 2>/dev/null || true # the terminal may be gone
  local i
  for ((i = ${#names[@]} - 1; i >= 0; i--)); do stop "${names[i]}"; done
  [ -z "${pg:-}" ] || stop_postgres "$state/postgres"
  [ "$code" -lt 128 ] || say "Stopped. The data is kept: ./infra/up goes on with it, ./infra/up --reset starts over." 2>/dev/null || true
  exit "$code"
}

# What a killed run of this clone left behind.
stop_leftovers() {
  local file
  for file in "$state"/run/*.pid; do
    [ -e "$file" ] || continue
    stop "$(basename "$file" .pid)"
  done
}

# The first of what was started that lives no more; fails when all do.
gone() {
  local name
  for name in "${names[@]}"; do
    alive "$name" || { printf '%s' "$name"; return; }
  done
  return 1
}

all_alive() {
  local name
  ! name=$(gone) || die "$name stopped by itself" "its process is gone" "read the log, then run ./infra/up again: it goes on from here" "$logs/$name.log"
}

# wait_for SECONDS COMMAND...: repeats the command until it succeeds, as long as everything that was started lives.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    if [ $SECONDS -ge $deadline ] || gone >/dev/null; then return 1; fi
    sleep 0.1
  done
}

# ready NAME SECONDS COMMAND...: the process NAME is ready when the command succeeds.
ready() {
  local name=$1
  shift
  wait_for "$@" && return
  all_alive
  die "starting $name" "it was not ready in time" "read the log, then run ./infra/up again" "$logs/$name.log"
}

build_if_changed() {
  local stamp="$state/built" changed
  if [ -e "$stamp" ]; then
    changed=$(find . \( -name bin -o -name obj -o -name .git -o -name .codezero -o -name tests \) -prune -o -type f -newer "$stamp" \
      \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' -o -name '*.sql' -o -name '*.cshtml' -o -name '*.css' -o -name '*.json' -o -name '*.txt' \) -print -quit)
    [ -n "$changed" ] || [ ! -e Hub.Api/bin/Release/net10.0 ] || return 0
  fi
  build infra/run.slnf
  touch "$stamp"
}

# Ports and passwords, chosen once and kept.
settings() {
  local file="$state/settings"
  if [ ! -s "$file" ]; then
    (umask 077 && cat >"$file" <<EOT
postgres_port=$(free_port)
hub_port=$(free_port)
cluster_port=$(free_port)
agent_port=$(free_port)
owner_password=$(random_secret)
app_password=$(random_secret)
person_email=you@example.com
person_password=$(random_secret)
EOT
    )
    (umask 077 && head -c 32 /dev/urandom | base64 -w0 >"$state/keys/master")
  fi
  source "$file"
  hub="http://localhost:$hub_port"
}

sql() { PGPASSWORD=$(cat "$state/postgres/superuser") psql -h 127.0.0.1 -p "$postgres_port" -U postgres -d "$1" -v ON_ERROR_STOP=1 -qAt <<<"$2"; }

start_database() {
  local PATH="$pg:$PATH"
  start_postgres "$state/postgres" "$postgres_port"
  sql postgres "
    do \$\$ begin
      if not exists (select from pg_roles where rolname = 'hub_owner') then create role hub_owner login; end if;
      if not exists (select from pg_roles where rolname = 'hub_app') then create role hub_app login nosuperuser nobypassrls; end if;
    end \$\$;
    alter role hub_owner password '$owner_password';
    alter role hub_app password '$app_password';" >>"$logs/postgres.log" 2>&1 || die "creating the database roles" "psql refused" "read the log" "$logs/postgres.log"
  if [ "$(sql postgres "select 1 from pg_database where datname = 'hub'")" != 1 ]; then
    sql postgres "create database hub owner hub_owner" >>"$logs/postgres.log" 2>&1 || die "creating the database" "psql refused" "read the log" "$logs/postgres.log"
  fi
  export Hub__Database__Owner="Host=127.0.0.1;Port=$postgres_port;Database=hub;Username=hub_owner;Password=$owner_password"
  export Hub__Database__Application="Host=127.0.0.1;Port=$postgres_port;Database=hub;Username=hub_app;Password=$app_password"
}

hub_api() { dotnet "$root/Hub.Api/bin/Release/net10.0/CodeZero.Hub.Api.dll" "$@"; }

migrate() {
  hub_api migrate >>"$logs/migrate.log" 2>&1 || die "migrating the database" "Hub.Api migrate refused" "read the log; --reset starts over" "$logs/migrate.log"
}

start_hub() {
  if listens "$hub_port"; then
    die "starting the Hub" "another program listens on port $hub_port, which this installation's issuer names" "stop that program, or start over with --reset"
  fi
  export Hub__PublicUrl=$hub Hub__Identity__Issuer=$hub Hub__DataProtection__MasterKeyFile="$state/keys/master"
  # Development allows plain HTTP on the loopback interface; accepting agents by hand is on, as in production.
  export DOTNET_ENVIRONMENT=Development Hub__Clusters__RequireAcceptance=true
  start hub env ASPNETCORE_URLS="$hub" dotnet "$root/Hub.Api/bin/Release/net10.0/CodeZero.Hub.Api.dll"
  ready hub 60 hub_answers
}

start_cluster() {
  if [ -n "$kubeconfig" ]; then
    export KUBECONFIG=$kubeconfig
    kubectl ${context:+--context "$context"} version >"$logs/cluster.log" 2>&1 || die "reaching the cluster" "kubectl cannot talk to it" "try: kubectl --kubeconfig $kubeconfig version" "$logs/cluster.log"
    if [ -n "$context" ]; then
      (umask 077 && kubectl config view --minify --flatten --context "$context" >"$state/kubeconfig")
      export KUBECONFIG="$state/kubeconfig"
    fi
    return
  fi
  export KUBECONFIG="$state/kubeconfig"
  start devcluster dotnet "$root/DevCluster/bin/Release/net10.0/CodeZero.DevCluster.dll" --port "$cluster_port" --kubeconfig "$KUBECONFIG" --data "$state/devcluster"
  ready devcluster 30 cluster_answers
}

# A program that asks is started only once somebody listens: this script's polling is not what a small machine should be busy with.
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
hub_answers() { listens "$hub_port" && curl -sf -o /dev/null "$hub/readyz"; }
cluster_answers() { listens "$cluster_port" && kubectl get --raw /readyz >/dev/null 2>&1; }
