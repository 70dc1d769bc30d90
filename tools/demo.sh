#!/usr/bin/env bash
# Serves the apps, shows one round trip of both products as it happens, then goes on serving.
#   demo.sh PLENUM [ARGS of `plenum serve`]
# Whatever goes wrong in the showing is said, and the server stays.
set -uo pipefail
plenum=$1
shift
folder=$(mktemp -d)

# A session of its own: Ctrl-C comes to this script, which passes it on, so that the server hears it once.
setsid "$plenum" serve "$@" 2> >(exec tee -i "$folder/log" >&2) &
server=$!
# Ends the server; a second Ctrl-C reaches it, too, and ends it at once.
finish() {
  trap 'kill "$server" 2>/dev/null' INT TERM
  trap - EXIT
  kill "$server" 2>/dev/null
  while kill -0 "$server" 2>/dev/null; do wait "$server"; done
  rm -rf "$folder"
  exit "${1:-0}"
}
trap 'echo; finish' INT TERM
trap 'finish $?' EXIT

if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; else bold='' plain=''; fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

until address=$(sed -n 's/.*listening on http:\/\///p' "$folder/log" 2>/dev/null) && [ -n "$address" ]; do
  if ! kill -0 "$server" 2>/dev/null; then
    wait "$server"
    status=$?  # the server has said why
    sleep 0.1
    grep -q 'address already in use' "$folder/log" &&
      echo "Another program has the port. Take another one: ./plenum-dev run --listen 127.0.0.1:9000" >&2
    finish $status
  fi
  sleep 0.05
done
host=${address%:*}
case "$host" in *:*) host="[$host]" ;; esac
base="http://$host:${address##*:}"

# A user of its own with a plan of its own, so that showing uses up nobody's quota.
call() { curl -sS --noproxy '*' -H 'Authorization: Bearer dev:demo:pro' "$@"; }
post_json() { call -H 'Content-Type: application/json' --data-binary @- "$1"; }
# A file's text as a JSON string.
quoted() { printf '"%s"' "$(sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\t/\\t/g' "$1" | awk 'NR > 1 {printf "\\n"} {printf "%s", $0}')"; }
# The values of a string member, and the first of them, in the JSON text on standard input.
members() { grep -oE "\"$1\":\"([^\"\\]|\\\\.)*\"" | sed -e "s/^\"$1\":\"//" -e 's/"$//' -e 's/\\n/ /g' -e 's/\\"/"/g'; }
member() { members "$1" | head -n 1; }
# The file's whole path: the demo may be started from anywhere.
fixtures=$(cd "$(dirname "$0")/.." && pwd)/fixtures
unexpected() { echo "    the server answered something else: $1"; }
shorten() { awk '{ if (length($0) > 100) print "    " substr($0, 1, 99) "…"; else print "    " $0 }'; }

show_clearreply() {
  say "ClearReply: a message in, four tones out"
  shorten <"$fixtures/clearreply/message.txt"
  echo "  POST /api/v1/clearreply/analyze"
  local answer run tone
  answer=$(echo "{\"message\": $(quoted "$fixtures/clearreply/message.txt")}" | post_json "$base/api/v1/clearreply/analyze")
  run=$(member run_id <<<"$answer")
  tone=$(member id <<<"$answer")
  if [ -z "$run" ] || [ -z "$tone" ]; then unexpected "$answer" && return; fi
  members label <<<"$answer" | sed 's/^/    /'
  echo "  pick one: POST /api/v1/clearreply/generate {\"run_id\": \"$run\", \"tone\": \"$tone\"}"
  answer=$(echo "{\"run_id\": \"$run\", \"tone\": \"$tone\"}" | post_json "$base/api/v1/clearreply/generate")
  if ! grep -q '"replies"' <<<"$answer"; then unexpected "$answer" && return; fi
  members text <<<"$answer" | shorten
}

progress() {  # percent, message
  local bar
  bar=$(printf '%*s' $(($1 * 40 / 100)) '')
  if [ -t 1 ]; then
    printf '\r    [%-40s] %3d %%  %-30s' "${bar// /#}" "$1" "$2"
  elif [ "$1 $2" != "$shown" ]; then
    printf '    %3d %%  %s\n' "$1" "$2"
  fi
  shown="$1 $2"
}

show_fitmycv() {
  say "Fit My CV: a CV and a job in, a tailored CV as a PDF out"
  echo "  POST /api/v1/fitmycv/upload (fixtures/fitmycv/cv.pdf)"
  local answer cv job status percent url shown=''
  answer=$(call "$base/api/v1/fitmycv/upload" -F "cv=@$fixtures/fitmycv/cv.pdf")
  cv=$(member cv_id <<<"$answer")
  if [ -z "$cv" ]; then unexpected "$answer" && return; fi
  echo "  POST /api/v1/fitmycv/jobs/create {\"cv_id\": \"$cv\", \"job_description\": …, \"template\": \"modern\"}"
  answer=$(echo "{\"cv_id\": \"$cv\", \"template\": \"modern\", \"job_description\": $(quoted "$fixtures/fitmycv/job.txt")}" |
    post_json "$base/api/v1/fitmycv/jobs/create")
  job=$(member job_id <<<"$answer")
  if [ -z "$job" ]; then unexpected "$answer" && return; fi
  for ((i = 0; i < 1200; i++)); do
    answer=$(call "$base/api/v1/fitmycv/jobs/$job/status")
    status=$(member status <<<"$answer")
    percent=$(sed -n 's/.*"percent":\([0-9]*\).*/\1/p' <<<"$answer")
    if [ "$status" = completed ]; then progress 100 "Done" && break; fi
    progress "${percent:-0}" "$(member message <<<"$answer")"
    case "$status" in failed | cancelled | '') break ;; esac
    sleep 0.1
  done
  [ -t 1 ] && echo
  if [ "$status" != completed ]; then unexpected "$answer" && return; fi
  url=$(call "$base/api/v1/fitmycv/jobs/$job/result" | member url)
  local kept="$folder/cv.pdf"
  curl -sS --noproxy '*' -o "$kept" "$base$url" && [ "$(head -c 5 "$kept")" = "%PDF-" ] || return
  echo "    the PDF ($(($(wc -c <"$kept") / 1024)) KB, the link is good for 15 minutes):"
  echo "    $base$url"
}

[ -e apps.d/clearreply.yaml ] && show_clearreply
[ -e apps.d/fitmycv.yaml ] && show_fitmycv

say "Serving as process $server. Try:"
cat <<END
  $base/                          what is here
  $base/api/v1/clearreply/docs    ClearReply; openapi.json beside it is for programs
  $base/api/v1/fitmycv/docs       Fit My CV
  curl -H 'Authorization: Bearer dev:ada' -H 'Content-Type: application/json' \\
       -d '{"message": "Where is my parcel?"}' $base/api/v1/clearreply/analyze
Put a file into apps.d/ and load it: kill -HUP $server.  Ctrl-C ends the server.
END
wait "$server"
finish $?
