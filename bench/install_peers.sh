#!/bin/sh
# Installs what the bench compares with: ripgrep and goaccess from Debian, DuckDB in a venv of its own beside the data.
# The bench says which peers are absent; none is needed to use clerk-logscan.
set -eu
cd "$(dirname "$0")"

missing=""
for command in rg:ripgrep goaccess:goaccess zgrep:gzip; do
    command -v "${command%%:*}" >/dev/null || missing="$missing ${command##*:}"
done
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086  # a list of packages
    apt-get install --yes --no-install-recommends $missing
fi

mkdir -p data
test -x data/peers/bin/python || "${PYTHON:-python3}" -m venv data/peers
data/peers/bin/python -m pip install --quiet --disable-pip-version-check duckdb
