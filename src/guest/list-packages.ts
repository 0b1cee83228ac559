import { open } from 'node:fs/promises';
import { Fault } from '../base/fault.ts';
import { keepLastLines } from './last-lines.ts';
import type { Guest } from './types.ts';

/**
 * The script that lists what a guest has: for the sh(1) of OpenBSD, of BusyBox and of GNU, as any user. Each part begins with
 * `# name` and ends with `# end`, or with `# failed`; what a guest has not has no part. The last line is `# done`, which a list that is not whole lacks.
 */
export const listScript = `
has() { command -v "$1" >/dev/null 2>&1; }
part() { echo "# $1"; shift; if "$@" 2>/dev/null; then echo '# end'; else echo '# failed'; fi; }
uname_line() { printf '%s\\t%s\\t%s\\n' "$(uname -s)" "$(uname -r)" "$(uname -m)"; }
part kernel uname_line
for f in /etc/os-release /usr/lib/os-release; do
  if [ -r "$f" ]; then part os_release grep -E '^(ID|VERSION_ID|PRETTY_NAME)=' "$f"; break; fi
done
if has pkg_info && [ "$(uname -s)" = OpenBSD ]; then
  part pkg_info pkg_info -q
  if has syspatch; then part syspatch syspatch -l; fi
fi
if has dpkg-query; then
  part dpkg dpkg-query -W -f '\${db:Status-Abbrev}\\t\${Package}\\t\${Version}\\t\${Architecture}\\t\${source:Package}\\t\${source:Version}\\n'
fi
for f in /lib/apk/db/installed /usr/lib/apk/db/installed; do
  if [ -r "$f" ]; then part apk grep -E '^([PVALo]:|$)' "$f"; break; fi
done
# BusyBox has an rpm without a database, and Debian one that nothing is in.
if has rpm && ! has dpkg-query && { [ -d /var/lib/rpm ] || [ -d /usr/lib/sysimage/rpm ]; }; then
  part rpm rpm -qa --qf '%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}\\t%{RELEASE}\\t%{ARCH}\\t%{LICENSE}\\n'
fi
echo '# done'
`;

class TooLong extends Error {}

/**
 * Has the guest list what it has, into a new file. What it prints beyond `mostBytes` is not taken.
 * Throws `provisioner_failed` when the guest cannot run the script, `ssh_broken`.
 */
export const listPackages = async (
  guest: Guest,
  { file, mostBytes }: { readonly file: string; readonly mostBytes: number },
  signal: AbortSignal,
): Promise<void> => {
  await using to = await open(file, 'wx', 0o600);
  const last = keepLastLines();
  let bytes = 0;
  const onBytes = async (chunk: Uint8Array) => {
    const room = mostBytes - bytes;
    bytes += chunk.length;
    await to.writeFile(chunk.subarray(0, Math.max(0, room)));
    if (bytes > mostBytes) throw new TooLong();
  };
  try {
    const { exitCode } = await guest.run('sh', { onLines: last.take, onBytes, input: listScript }, signal);
    if (exitCode === 0) return;
    const said = last.lines();
    throw new Fault(
      'provisioner_failed',
      `The guest could not list its packages: ${said.at(-1) ?? 'it did not say why'}.`,
      { exitCode, output: said.join('\n') },
    );
  } catch (error) {
    if (!(error instanceof TooLong)) throw error;
  }
};
