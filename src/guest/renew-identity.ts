/** What every installation makes for itself alone, and images that come from one layer would share. */

import { asRoot } from './seal.ts';
import type { Guest, OnLines } from './types.ts';

/**
 * For sh(1), as root where the login may be. Keys are made of the types that are there, into the same files, whose owner and mode
 * stay: sshd(8) and dropbear(8) read them when somebody connects. The seeds are those that systems read when they boot.
 */
export const renewIdentityScript = `
bad=
failed() { echo "$1" >&2; bad=1; }
new() { mktemp -d 2>/dev/null || { mkdir -m 700 "/tmp/imaged-renew.$$" && echo "/tmp/imaged-renew.$$"; }; }
if [ "$1" != root ]; then
  echo 'the login is not root, and neither doas -n nor sudo -n lets it be root' >&2; exit 1
fi
work=$(new) || exit 1
trap 'rm -rf "$work"' EXIT
put() { cat "$work/key" >"$1" && rm -f "$work/key"; }
ssh=
for file in /etc/ssh/ssh_host_*_key; do
  [ -f "$file" ] || continue
  type=\${file##*/ssh_host_}; type=\${type%_key}
  rm -f "$work/key"
  if ssh-keygen -q -t "$type" -N '' -f "$work/key" </dev/null && put "$file"; then
    cat "$work/key.pub" >"$file.pub"; rm -f "$work/key.pub"; ssh="$ssh $type"
  else failed "$file could not be made anew"; fi
done
for file in /etc/dropbear/dropbear_*_host_key; do
  [ -f "$file" ] || continue
  type=\${file##*/dropbear_}; type=\${type%_host_key}
  [ "$type" = dss ] || [ "$type" = rsa ] || [ "$type" = ecdsa ] || [ "$type" = ed25519 ] || continue
  rm -f "$work/key"
  if dropbearkey -t "$type" -f "$work/key" >/dev/null 2>&1 </dev/null && put "$file"; then ssh="$ssh $type"
  else failed "$file could not be made anew"; fi
done
[ -z "$ssh" ] || echo "host keys of the ssh server were made anew:$ssh"
seeds=
seed() {
  for file do
    [ -f "$file" ] || continue
    if dd if=/dev/urandom of="$work/key" bs="$bytes" count=1 2>/dev/null && put "$file"; then seeds="$seeds $file"
    else failed "$file could not be made anew"; fi
  done
}
bytes=512
seed /var/lib/systemd/random-seed /var/lib/urandom/random-seed /var/lib/misc/random-seed /var/lib/random-seed \\
  /var/lib/seedrng/seed.* /etc/random.seed
bytes=4096
seed /boot/entropy /entropy /var/db/entropy/saved-entropy.*
bytes=65536
seed /var/db/host.random
if [ -f /var/db/entropy-file ]; then
  rndctl -S /var/db/entropy-file && seeds="$seeds /var/db/entropy-file" || failed '/var/db/entropy-file could not be made anew'
fi
[ -z "$seeds" ] || echo "seeds of random numbers were made anew:$seeds"
# rc(8) of OpenBSD makes these where they are missing.
if [ "$(uname -s)" = OpenBSD ] && [ -f /etc/isakmpd/private/local.key ]; then
  rm -f /etc/isakmpd/private/local.key /etc/isakmpd/local.pub /etc/iked/private/local.key /etc/iked/local.pub ||
    failed 'the keys of isakmpd and iked could not be removed'
fi
[ -z "$bad" ]
`;

/**
 * Makes a guest's own again what it has in common with others that come from the same layer: the host keys of its ssh server,
 * and the seeds that it keeps of its random numbers. To be called last, before it is sealed: whoever connects afterwards finds
 * another host key. Gives whether all could be done; what could not is a line. Throws `ssh_broken`.
 */
export const renewIdentity = async (guest: Guest, onLines: OnLines, signal: AbortSignal): Promise<boolean> => {
  const { exitCode } = await guest.runOwn(asRoot(renewIdentityScript), { onLines }, signal);
  return exitCode === 0;
};
