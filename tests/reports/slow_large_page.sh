# SPDX-License-Identifier: GPL-3.0-or-later
# The page of 100,000 trials in headless Chromium: it opens, brushes, sorts and scrolls: large.js. Skipped without Chromium or Node.
set -eu
program=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || { echo "no Chromium"; exit 77; }
command -v node >/dev/null || { echo "no node"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
REPORT_PAGES=$folder "$ASHLAR_BUILD/tests/test_reports_large" >/dev/null 2>&1
node "$ASHLAR_SOURCE/tests/reports/large.js" "$program" "$folder/large.html"
