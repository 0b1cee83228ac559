import { Fault } from '../base/fault.ts';
import type { SealPart } from '../base/machine/seal-parts.ts';
import { singleQuoted } from '../base/text/shell.ts';
import { keepLastLines } from './last-lines.ts';
import type { Guest, OnLines } from './types.ts';

/**
 * The script for sh(1), which runs as root where the login is root or may be without a password: then its first argument is `root`;
 * else as the login.
 */
export const asRoot = (script: string): string => `
imaged_script=${singleQuoted(script)}
if [ "$(id -u)" -eq 0 ]; then set -- root
else
  for r in doas sudo; do
    if $r -n true 2>/dev/null; then
      exec $r -n sh -s root <<imaged_script
$imaged_script
imaged_script
    fi
  done
fi
eval "$imaged_script"
`;

// grep -F by the middle of the line, which no other key has: some systems write options before a key, or a name behind it.
const withoutKey = (key: string) => `
k='${key}'
clean() {
  [ -f "$1" ] && grep -qF "$k" "$1" 2>/dev/null || return 0
  rest=$(grep -vF "$k" "$1")
  if [ -n "$rest" ]; then printf '%s\\n' "$rest" >"$1"; else true >"$1"; fi
  if grep -qF "$k" "$1"; then echo "$1 keeps the key of the build: it cannot be written"; bad=1; return 0; fi
  echo "the key of the build was taken out of $1"
}
for f in "$HOME"/.ssh/authorized_keys "$HOME"/.ssh/authorized_keys2 /etc/dropbear/authorized_keys \
  /etc/ssh/authorized_keys /etc/ssh/authorized_keys/* /etc/ssh/authorized_keys.d/*; do clean "$f"; done
while IFS=: read -r _ _ _ _ _ home _; do
  for f in "$home"/.ssh/authorized_keys "$home"/.ssh/authorized_keys2; do clean "$f"; done
done </etc/passwd
`;

const scripts: Readonly<Record<SealPart, string>> = {
  host_keys: `
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub && echo 'the host keys of sshd were removed' || bad=1
`,
  machine_id: `
if [ -f /etc/machine-id ]; then true >/etc/machine-id && echo 'the machine id was removed' || bad=1; fi
[ -h /var/lib/dbus/machine-id ] || rm -f /var/lib/dbus/machine-id || bad=1
`,
  cloud_init: `
if command -v cloud-init >/dev/null 2>&1; then cloud-init clean --logs || bad=1
else rm -rf /var/lib/cloud/* /var/log/cloud-init*.log || bad=1; fi
echo 'what cloud-init remembers was removed'
`,
  logs: `
find /var/log -type f \\( -name '*.gz' -o -name '*.xz' -o -name '*.old' -o -name '*.[0-9]' -o -name '*.journal*' \\) \
  -exec rm -f {} \\; || bad=1
find /var/log -type f -exec sh -c 'true >"$1"' sh {} \\; || bad=1
echo 'the logs were emptied'
`,
};

const needsRoot = `
if [ "$(id -u)" -ne 0 ]; then echo 'the login is not root, and neither doas -n nor sudo -n lets it be root'; exit 1; fi
`;

const keyOf = (publicKey: string): string => {
  const [, key = ''] = publicKey.split(' ');
  if (/^[A-Za-z0-9+/=]+$/.test(key)) return key;
  throw new RangeError(`${publicKey} is no public key.`);
};

/** The script that seals a guest: for sh(1), as root where the parts need it. */
export const sealScript = (publicKey: string | undefined, parts: readonly SealPart[]): string =>
  [
    'bad=\n',
    ...(publicKey === undefined ? [] : [withoutKey(keyOf(publicKey))]),
    ...(parts.length === 0 ? [] : [needsRoot]),
    ...parts.map((part) => scripts[part]),
    '[ -z "$bad" ]\n',
  ].join('');

/**
 * Takes the public key out of every authorized_keys that the login can write, by itself or by doas(1) or sudo(8) without
 * a password, and removes the parts. Throws `seal_failed` with what the guest said, `ssh_broken`.
 */
export const sealGuest = async (
  guest: Guest,
  { publicKey, parts }: { readonly publicKey: string | undefined; readonly parts: readonly SealPart[] },
  onLines: OnLines,
  signal: AbortSignal,
): Promise<void> => {
  const last = keepLastLines();
  const keep: OnLines = (lines, stream) => {
    last.take(lines);
    return onLines(lines, stream);
  };
  const { exitCode } = await guest.runOwn(asRoot(sealScript(publicKey, parts)), { onLines: keep }, signal);
  if (exitCode === 0) return;
  const said = last.lines();
  throw new Fault('seal_failed', `The guest could not be sealed: ${said.at(-1) ?? 'it did not say why'}.`, {
    exitCode,
    output: said.join('\n'),
  });
};
