#!/bin/sh
# Runs a command with ATRIO_DYNAMODB_ENDPOINT naming a DynamoDB of another make, and ATRIO_S3_ENDPOINT the object store
# beside it: starts both on loopback,
# sees that its transactions and streams are what DynamoDB's are, and stops it however the command ends.
#   tests/endpoint.sh BIN PORT COMMAND…
set -eu
bin=$1 port=$2
shift 2
address="http://127.0.0.1:$port"
log=$(mktemp)

BIND_HOST=127.0.0.1 GATEWAY_PORT=$port AWS_ENDPOINT_URL=$address LOG_LEVEL=WARNING \
  "$bin/ministack" >"$log" 2>&1 &
endpoint=$!
trap 'kill "$endpoint" 2>/dev/null || true; wait "$endpoint" 2>/dev/null || true; rm -f "$log"' EXIT
trap 'exit 130' INT TERM

"$bin/python" "$(dirname "$0")/endpoint.py" "$address" || { cat "$log" >&2; exit 1; }
# Another program on that port would have answered in its place.
kill -0 "$endpoint" 2>/dev/null || { cat "$log" >&2; exit 1; }
ATRIO_DYNAMODB_ENDPOINT=$address ATRIO_S3_ENDPOINT=$address "$@"
