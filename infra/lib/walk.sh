# The main job, step by step, as a person would do it with a browser, czctl and kubectl. Every step may be repeated. Sourced after processes.sh.
# shellcheck shell=bash

cluster=demo namespace=vault app=vaultwarden publisher=''

czctl() { dotnet "$root/Cli/bin/Release/net10.0/czctl.dll" "$@"; }

# reason LOG: why a step failed, in czctl's words, else in the last ones there are.
reason() {
  sed -nE 's/^czctl: //p; s/^ *"message": "(.*)",?$/\1/p' "$1" | tail -n 1 | grep . || tail -n 3 "$1" | grep -m 1 . || echo "it said nothing"
}

# do_step NUMBER TITLE FUNCTION: FUNCTION puts what it got into $got.
do_step() {
  local log="$logs/step-$1.log"
  begin "$1. $2"
  got=''
  if ! "$3" >"$log" 2>&1; then
    all_alive # one that is gone is the cause, whatever the step says
    still
    printf '  failed\n'
    die "step $1, $2" "$(reason "$log")" "mend the cause and run ./infra/up again: it goes on from here" "$log"
  fi
  finish "$got"
}

walk() {
  export CZCTL_HOME="$state/home" BROWSER="$root/infra/lib/browser" CODEZERO_PERSON_EMAIL=$person_email CODEZERO_PERSON_PASSWORD=$person_password CODEZERO_BROWSER_HOME="$state/browser"
  export CZCTL_HUB=$hub
  do_step 1 "sign up, with an organization" sign_up
  do_step 2 "publish the sample application" publish
  do_step 3 "create a cluster, get a join token" create_cluster
  do_step 4 "the agent joins and is accepted" join
  do_step 5 "install the application" install_app
  do_step 6 "approve it with a key of ours" approve
  do_step 7 "the agent verifies and applies" apply
  do_step 8 "the report returns" report
  say
  czctl status "$namespace/$app" --cluster "$cluster"
}

# field NAME: the first string member of that name in the JSON on standard input.
field() { grep -o "\"$1\": *\"[^\"]*\"" | head -n 1 | sed -E 's/^"[^"]*": *"(.*)"$/\1/'; }

own_organization() { czctl whoami --json | field slug | grep .; }

sign_up() {
  # Who is signed in has signed up; and who has signed up may do so again.
  if ! publisher=$(own_organization); then
    "$BROWSER" signup "$hub/signup" "Example" && czctl login && publisher=$(own_organization) || return 1
  fi
  got="$person_email, organization $publisher"
}

publish() {
  local answer
  answer=$(czctl app publish samples/vaultwarden --json) || { printf '%s\n' "$answer"; return 1; }
  printf '%s\n' "$answer"
  got="$publisher/$app $(field version <<<"$answer") $(field digest <<<"$answer" | cut -c1-19)…"
}

create_cluster() {
  czctl clusters create "$cluster" --if-missing || return 1
  got="cluster $cluster"
}

# A token of the agent's service account, in a file that the agent reads again every minute.
agent_token() {
  token_at=$SECONDS
  (umask 077 && kubectl create token codezero-agent -n codezero-system --duration 1h >"$state/agent.token.new") && mv "$state/agent.token.new" "$state/agent.token"
}

# Long before it ends. Should the cluster not answer now, the next of several tries may succeed.
renew_agent_token() { [ $((SECONDS - token_at)) -lt 600 ] || agent_token 2>>"$logs/agent.log" || true; }

# The agent runs as its own service account, with the rights of infra/deploy/agent-rbac.yaml and no others: the administrator's stay with the person.
agent_kubeconfig() {
  local server
  server=$(kubectl config view --minify --flatten -o 'jsonpath={.clusters[0].cluster}') || return 1
  cat >"$state/agent.kubeconfig" <<EOT
apiVersion: v1
kind: Config
clusters: [{ name: cluster, cluster: $server }]
users: [{ name: agent, user: { tokenFile: agent.token } }]
contexts: [{ name: agent, context: { cluster: cluster, user: agent } }]
current-context: agent
EOT
}

agent_shows_key() {
  kubectl -n codezero-system wait --for=create configmap/codezero-agent --timeout=2s && kubectl -n codezero-system wait --for=jsonpath='{.data.thumbprint}' configmap/codezero-agent --timeout=2s
}

agent_thumbprint() { kubectl -n codezero-system get configmap codezero-agent -o 'jsonpath={.data.thumbprint}' 2>/dev/null | grep .; }

join() {
  [ -s "$state/keys/approver.pem" ] || czctl keys create "$state/keys/approver.pem" || return 1
  czctl clusters join "$cluster" --mode approved --approver "$state/keys/approver.pem.pub" --kubeconfig "$KUBECONFIG" --no-agent || return 1
  agent_token && agent_kubeconfig || return 1
  start agent dotnet "$root/ClusterAgent/bin/Release/net10.0/CodeZero.ClusterAgent.dll" --kubeconfig "$state/agent.kubeconfig" --health-port "$agent_port"
  # In short waits, so that the end of a process is noticed.
  wait_for 60 agent_shows_key || { echo "the agent did not show its key in the ConfigMap codezero-agent within a minute"; return 1; }
  czctl clusters accept "$cluster" --thumbprint "$(agent_thumbprint)" || return 1
  got="agent key $(agent_thumbprint)"
}

install_app() {
  local answer
  answer=$(czctl install "$publisher/$app" --cluster "$cluster" --namespace "$namespace" --set SIGNUPS_ALLOWED=false --json) || { printf '%s\n' "$answer"; return 1; }
  printf '%s\n' "$answer"
  got="$namespace/$app on $cluster, $(grep -q '"thumbprint"' <<<"$answer" && echo "approved before" || echo "waiting for approval")"
}

approve() {
  czctl approve "$namespace/$app" --cluster "$cluster" --key "$state/keys/approver.pem" --yes || return 1
  got="signed with .codezero/keys/approver.pem, which the Hub never saw"
}

apply() {
  # In short waits, so that the end of a process is noticed.
  wait_for 120 kubectl wait --for=create "deployment/$app" -n "$namespace" --timeout=2s || { echo "no Deployment came within two minutes"; return 1; }
  got="in $namespace: $(kubectl get configmap,secret,persistentvolumeclaim,service,deployment -n "$namespace" -l "system.codezero.io/app=$app" -o name | sed 's#[./].*##' | uniq | paste -sd ' ')"
}

report() {
  local deadline=$((SECONDS + 600)) code=6
  while [ $code = 6 ] && [ $SECONDS -lt $deadline ] && ! gone; do
    code=0
    czctl status "$namespace/$app" --cluster "$cluster" --wait healthy --timeout 10s || code=$?
  done
  [ $code = 0 ] && got="healthy"
}

how_to_go_on() {
  mkdir -p "$state/bin"
  printf '#!/bin/sh\nexec dotnet "%s" "$@"\n' "$root/Cli/bin/Release/net10.0/czctl.dll" >"$state/bin/czctl"
  chmod +x "$state/bin/czctl"
  [ ! -x "$state/tools/kubectl" ] || ln -sf "$state/tools/kubectl" "$state/bin/kubectl"
  printf 'export KUBECONFIG=%q CZCTL_HOME=%q CZCTL_HUB=%q PATH=%q:$PATH\n' "$KUBECONFIG" "$CZCTL_HOME" "$hub" "$state/bin" >"$state/env"
  cat <<EOT

CodeZero is up. Ctrl-C stops it.

  Hub       $hub   (API: $hub/docs)
  sign in   $person_email, password $person_password

  In another terminal:
    . $(printf %q "$state/env")   # czctl and kubectl, for this Hub and this cluster

    czctl status $namespace/$app --cluster $cluster --watch
    czctl clusters list
    czctl app show $publisher/$app
    kubectl get apps -A
    kubectl -n $namespace delete deployment $app   # and see it come back

EOT
}
