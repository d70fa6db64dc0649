#!/usr/bin/env bash
# Nanoseconds per node and item on a chain of 50 empty nodes: Voxloom, oneTBB's flow graph and GStreamer's `identity`, in one run.
#
#     bash tests/bench/chain/run.sh [ITEMS]
#
# Debian: apt-get install libtbb-dev libgstreamer1.0-dev gstreamer1.0-tools pkg-config
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
items="${1:-20000}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

pkg-config --exists gstreamer-1.0 || { echo "error: GStreamer's headers are missing: apt-get install libgstreamer1.0-dev pkg-config" >&2; exit 1; }
c++ -std=c++17 -O2 "$here/onetbb.cpp" -o "$folder/onetbb" -ltbb
# shellcheck disable=SC2046
cc -O2 "$here/gstreamer.c" -o "$folder/gstreamer" $(pkg-config --cflags --libs gstreamer-1.0)
(cd "$root" && cargo build --quiet --release -p voxloom-core --example chain)

# The best of five: what the program costs, not what else the machine does.
best() { for _ in 1 2 3 4 5; do "$@"; done | sort -g | head -1; }
"$root/target/release/examples/chain" "$items" >"$folder/voxloom"
inline="$(sed -n 's/.*, 1 lanes: \([0-9.]*\) ns.*/\1/p' "$folder/voxloom")"
lanes="$(sed -n 's/.*, 2 lanes: \([0-9.]*\) ns.*/\1/p' "$folder/voxloom")"
tbb="$(best "$folder/onetbb" "$items")"
light="$(best "$folder/onetbb" "$items" lightweight)"
gstreamer="$(best "$folder/gstreamer" "$items")"

row() { awk -v name="$1" -v ns="$2" -v own="$inline" 'BEGIN { printf "%-42s %8.1f   %6.2f\n", name, ns, own / ns }'; }
printf '%-42s %8s   %s\n' "50 empty nodes, $items items" "ns" "Voxloom inline / this"
row "Voxloom, one lane (inline)" "$inline"
row "Voxloom, two lanes" "$lanes"
row "oneTBB flow graph" "$tbb"
row "oneTBB flow graph, lightweight" "$light"
row "GStreamer identity" "$gstreamer"
awk -v own="$inline" 'BEGIN { print (own <= 150 ? "goal met" : "goal missed") ": at most 150 ns inline, measured " own " ns" }'
