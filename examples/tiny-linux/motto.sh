#!/bin/sh
# Leaves a trace that a reader of the image can find.
set -eu
printf '%s\n' "$MOTTO" >/etc/motto
printf 'build %s on %s\n' "$IMAGED_BUILD_ID" "$(uname -sr)" >>/etc/motto
cat /etc/motto
sync
