#!/bin/bash
# config/demo.sh TRAWL: the demonstration sites, a server, and a first run. Ctrl-C ends all of it.
set -euo pipefail

trawl=$1
config=$(dirname "$0")/trawl.json
demo_at=127.0.0.1:8081
pids=()

finish() {
    trap - INT TERM EXIT
    for pid in "${pids[@]}"; do
        kill -TERM "$pid" 2>/dev/null || true
    done
    wait
}
trap 'finish; exit 130' INT TERM
trap finish EXIT

# Wait until the program that writes to $1 has said that it serves; it is given up when it ends before.
await_serving() {
    until grep -qs ' serves ' "$1"; do
        kill -0 "$2" 2>/dev/null || return 1
        sleep 0.1
    done
}

said=$(mktemp -d)
"$trawl" demo --listen "$demo_at" >"$said/demo" &
pids+=($!)
await_serving "$said/demo" $! || { rm -r "$said"; exit 1; }
"$trawl" serve --config "$config" >"$said/serve" &
pids+=($!)
await_serving "$said/serve" $! || { rm -r "$said"; exit 1; }
address=$(sed -n 's/.* serves \(http[^ ,]*\).*/\1/p' "$said/serve" | head -1)
rm -r "$said"

echo
echo "Trawl serves $address (its API: $address/api/scrape/runs), the sites are at http://$demo_at"
echo "Follow a run:  curl -N $address/api/scrape/stream      Start another:  $trawl start"
echo "Ctrl-C ends both."
echo
"$trawl" start --config "$config" || true
wait
