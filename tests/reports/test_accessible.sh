# SPDX-License-Identifier: GPL-3.0-or-later
# axe finds no serious or critical fault in the HTML report, light and dark: accessible.js. Skipped without Chromium, Node or npm.
set -eu
program=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || { echo "no Chromium"; exit 77; }
command -v node >/dev/null || { echo "no node"; exit 77; }
command -v npm >/dev/null || { echo "no npm"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$ASHLAR_SOURCE/tests/package.json" "$ASHLAR_SOURCE/tests/package-lock.json" "$folder"
(cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error)
REPORT_PAGES=$folder "$ASHLAR_BUILD/tests/test_reports_pages" >/dev/null 2>&1
node "$ASHLAR_SOURCE/tests/reports/accessible.js" "$program" "$folder"
