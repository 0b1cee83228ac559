#!/bin/sh
# Leaves a trace that a reader of the image can find.
set -eu
printf '%s\n' "$MOTTO" >/etc/motto
printf '%s\n' "$LICENCE" >/etc/licence
cat /etc/motto /etc/licence
sync
