# SPDX-License-Identifier: GPL-3.0-or-later
# test_locale.sh - runs test_text in a comma locale made for the occasion, where the system has none
set -euo pipefail
command -v localedef >/dev/null && [ -f /usr/share/i18n/locales/de_DE ] || exit 77
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
localedef -i de_DE -f UTF-8 "$folder/de_DE.UTF-8" || exit 77
LOCPATH=$folder "$ASHLAR_BUILD/tests/test_core_text" 2>&1 | tee "$folder/log"
! grep -q SKIPPED "$folder/log"
