# SPDX-License-Identifier: GPL-3.0-or-later
# The HTML report in headless Chromium, with real mouse and keyboard events: browser.js. Skipped without Chromium or Node.
set -eu
program=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || { echo "no Chromium"; exit 77; }
command -v node >/dev/null || { echo "no node"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
REPORT_PAGES=$folder "$ASHLAR_BUILD/tests/test_reports_pages" >/dev/null 2>&1
node "$ASHLAR_SOURCE/tests/reports/browser.js" "$program" "$folder"
