#!/bin/sh
# Runs in the new system as root. The key of the build goes with the build; the given one stays.
set -eu
mkdir -p /root/.ssh
printf '%s\n' "$ROOT_KEY" >/root/.ssh/authorized_keys
chmod 700 /root/.ssh
chmod 600 /root/.ssh/authorized_keys
# Every machine made of this image is to have host keys of its own: rc(8) makes those that are missing.
rm -f /etc/ssh/ssh_host_*
echo "made of $(uname -sr)" >/etc/motd
cat /etc/motd
sync
