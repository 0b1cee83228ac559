#!/bin/sh
# Leaves a trace that a reader of the image can find, and the key of whoever is to log in to it.
set -eu
printf '%s\n%s\n' "$MOTTO" "$(uname -sr)" >/etc/motto
cat /etc/motto
# The build's own key is of no use to anybody when the build has ended.
if [ -n "$ROOT_KEY" ]; then
	printf '%s\n' "$ROOT_KEY" >/root/.ssh/authorized_keys
else
	rm /root/.ssh/authorized_keys
fi
sync
