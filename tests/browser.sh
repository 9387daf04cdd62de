#!/usr/bin/env bash
# Plays the pages' story in a browser, then calls the API in every way its description allows, against
# a platform of its own: a Tuesday morning, on free ports, with sample traffic, in a folder that goes
# away afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."

atrio="${CARGO_TARGET_DIR:-target}/debug/atrio"
program=$(realpath "$atrio")
work=$(mktemp -d)
log="$work/serve.log"
stop() {
  [ -n "${platform:-}" ] && kill "$platform" 2>/dev/null && wait "$platform" 2>/dev/null
  rm -rf "$work"
}
trap stop EXIT

"$atrio" serve --data "$work/data" --http 127.0.0.1:0 --mqtt 127.0.0.1:0 --traffic 20 \
  --now 2026-11-24T10:05:00+01:00 >"$log" 2>&1 &
platform=$!
for _ in $(seq 120); do
  grep -q '^stop with' "$log" && break
  kill -0 "$platform" 2>/dev/null || { cat "$log"; exit 1; }
  sleep 0.5
done
grep -q '^stop with' "$log" || { echo "the platform was not ready within a minute"; cat "$log"; exit 1; }

address=$(awk '$1 == "shop" { sub(/\/$/, "", $2); print $2 }' "$log")
token() { awk -v page="$1" '$1 == page { print $2 }' "$log" | sed -E 's/.*token=([^&]+)&.*/\1/'; }

# The story's museum takes few people an hour, and the tests of two widths, with the traffic of the
# sample beside them, all come in the one that runs. Its manager makes room.
python3 - "$address/v1/venues/20240/products/admission" "$(token dashboard)" <<'PY'
import json, sys, urllib.request

address, token = sys.argv[1:]
headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
    product, tag = json.load(answer), answer.headers["ETag"]
body = json.dumps({**product, "capacity": 90}).encode()
changed = urllib.request.Request(address, body, {**headers, "If-Match": tag}, method="PUT")
urllib.request.urlopen(changed).close()
PY

# A counter at the door of the story's museum reports its last minute, as a real one would.
port=$(awk '$1 == "devices" { sub(/.*:/, "", $2); print $2 }' "$log")
"$atrio" device enrol counter-door --venue 20240 --out "$work/door" --data "$work/data"
mosquitto_pub -V mqttv5 -h 127.0.0.1 -p "$port" -q 1 -i counter-door \
  --cafile "$work/door/ca.pem" --cert "$work/door/cert.pem" --key "$work/door/key.pem" \
  -t dt/atrio/20240/counter-door/CrowdFlowObserved -m '{
    "id": "urn:ngsi-ld:CrowdFlowObserved:counter-door", "type": "CrowdFlowObserved",
    "dateObserved": "2026-11-24T09:04:00Z/2026-11-24T09:05:00Z",
    "dateObservedFrom": "2026-11-24T09:04:00Z", "dateObservedTo": "2026-11-24T09:05:00Z",
    "peopleCount": 7, "peopleCountTowards": 5, "peopleCountAway": 2, "seq": 1}'

# What the browser looks at of that counter: one message that could not be counted, which the broker refuses.
# A broker that is too busy to let somebody in says so, and is asked again, as by any device.
for _ in 1 2 3 4 5; do
  said=$(mosquitto_pub -V mqttv5 -h 127.0.0.1 -p "$port" -q 1 -i counter-door \
    --cafile "$work/door/ca.pem" --cert "$work/door/cert.pem" --key "$work/door/key.pem" \
    -t dt/atrio/20240/counter-door/CrowdFlowObserved -m '{"type": "CrowdFlowObserved"}' 2>&1) || true
  case $said in *'Server unavailable'*) sleep 2 ;; *) break ;; esac
done

admin="$("$atrio" token --role admin --data "$work/data")"
(
  cd web
  ATRIO_BASE="$address" ATRIO_VENUE=20240 ATRIO_DESK_TOKEN="$(token desk)" \
    ATRIO_GATE_TOKEN="$(token gate)" ATRIO_PROGRAM="$program" \
    ATRIO_MANAGER_TOKEN="$(token dashboard)" ATRIO_ADMIN_TOKEN="$admin" npm run test:browser
)

# Whatever the description allows, and what it does not: no call may end in a fault of ours, or in an
# answer that the description does not name. A seed makes each run the same.
fuzz() {
  "$FUZZER" run "$address/openapi.json" --header "Authorization: Bearer $1" "${@:2}" --seed 1 \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --phases coverage,fuzzing --max-examples 20 --continue-on-failure --no-color
}
fuzz "$admin"
fuzz "$("$atrio" reseller add Integrator --json --data "$work/data" | python3 -c 'import json, sys; print(json.load(sys.stdin)["key"])')" \
  --include-path-regex '^/octo/'
