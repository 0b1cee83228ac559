#!/bin/sh
# Says who has made the image, and lets the owner of the key log in to it; the build's own key goes by itself.
set -eu
echo 'published by imaged' >/etc/motto
[ -z "$ROOT_KEY" ] || printf '%s\n' "$ROOT_KEY" >>/root/.ssh/authorized_keys
