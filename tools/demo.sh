#!/usr/bin/env bash
# Serves both apps and shows one round trip of each as it happens, then goes on serving.
#   demo.sh PLENUM [ARGS of `plenum serve`]
set -euo pipefail
plenum=$1
shift
log=$(mktemp)
listen=127.0.0.1:8080
for ((i = 1; i <= $#; i++)); do
  [ "${!i}" = --listen ] && j=$((i + 1)) && listen=${!j}
done
"$plenum" serve "$@" 2> >(tee "$log" >&2) &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -f "$log"; exit 0' INT TERM
trap 'kill "$server" 2>/dev/null; rm -f "$log"' EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
# The value of a string member of a one-line JSON text.
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }
until port=$(sed -n 's/.*listening on http:\/\/.*:\([0-9]*\)$/\1/p' "$log") && [ -n "$port" ]; do
  kill -0 "$server" 2>/dev/null || exit 1
  sleep 0.05
done
base="http://${listen%:*}:$port"
call() { curl -sS -H "Authorization: Bearer dev:ada" "$@"; }

say "ClearReply: a message in, four tones out"
message=$(cat fixtures/clearreply/message.txt)
body=$(printf '%s' "$message" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' | awk 'NR > 1 {printf "\\n"} {printf "%s", $0}')
echo "  POST $base/api/v1/clearreply/analyze"
answer=$(call "$base/api/v1/clearreply/analyze" -H 'Content-Type: application/json' -d "{\"message\": \"$body\"}")
echo "$answer" | grep -o '"label":"[^"]*"' | sed 's/"label":"\(.*\)"/    \1/'
run=$(echo "$answer" | member run_id)
tone=$(echo "$answer" | grep -o '"id":"[^"]*"' | head -n 1 | cut -d '"' -f 4)

say "… pick one ($tone), three replies out"
echo "  POST $base/api/v1/clearreply/generate"
call "$base/api/v1/clearreply/generate" -H 'Content-Type: application/json' -d "{\"run_id\": \"$run\", \"tone\": \"$tone\"}" |
  grep -o '"text":"[^"]*"' | cut -c 9-110 | sed 's/^/    /; s/$/…/'

say "Fit My CV: a CV in, a tailored PDF out"
echo "  POST $base/api/v1/fitmycv/upload"
cv=$(call "$base/api/v1/fitmycv/upload" -F cv=@fixtures/fitmycv/cv.pdf | member cv_id)
job_text=$(sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' fixtures/fitmycv/job.txt | awk 'NR > 1 {printf "\\n"} {printf "%s", $0}')
echo "  POST $base/api/v1/fitmycv/jobs/create"
job=$(call "$base/api/v1/fitmycv/jobs/create" -H 'Content-Type: application/json' \
  -d "{\"cv_id\": \"$cv\", \"job_description\": \"$job_text\", \"template\": \"modern\"}" | member job_id)
status=queued
for ((i = 0; i < 600; i++)); do
  answer=$(call "$base/api/v1/fitmycv/jobs/$job/status")
  status=$(echo "$answer" | member status)
  percent=$(echo "$answer" | sed -n 's/.*"percent":\([0-9]*\).*/\1/p')
  printf '\r    [%-40s] %3d %%  %-30s' "$(printf '%*s' $((percent * 40 / 100)) '' | tr ' ' '#')" "$percent" "$(echo "$answer" | member message)"
  case "$status" in completed | failed | cancelled) break ;; esac
  sleep 0.1
done
echo
if [ "$status" != completed ]; then
  echo "    the job ended as: $answer"
else
  url=$(call "$base/api/v1/fitmycv/jobs/$job/result" | grep -o '"url":"[^"]*"' | head -n 1 | cut -d '"' -f 4)
  echo "    the PDF, for 15 minutes: $base$url"
fi

say "Serving. Try:"
cat <<END
  $base/                                     what is here
  $base/api/v1/clearreply/docs               ClearReply for people ($base/api/v1/clearreply/openapi.json for programs)
  $base/api/v1/fitmycv/docs                  Fit My CV
  curl -H 'Authorization: Bearer dev:ada' -H 'Content-Type: application/json' \\
       -d '{"message": "Where is my parcel?"}' $base/api/v1/clearreply/analyze
Ctrl-C ends it.
END
wait "$server"
