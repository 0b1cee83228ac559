import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { Fault } from '../../base/fault.ts';
import type { Input } from '../../base/program.ts';
import { shellQuoted } from '../../base/text/shell.ts';
import { keepLastLines } from '../last-lines.ts';
import type { Guest, UploadFile } from '../types.ts';

const bytesOf = async (input: Input): Promise<number> => {
  if (typeof input === 'string') return Buffer.byteLength(input);
  return input instanceof Uint8Array ? input.length : (await stat(input.file)).size;
};

// A connection that breaks ends the input as its own end does, so the bytes are counted before a file gets its name.
// noclobber, since the folder may be anybody's.
const asNew = (place: string, { mode }: UploadFile, bytes: number) => `
p=${shellQuoted(place)}
umask 077; set -C
cat >"$p" && [ $(wc -c <"$p") -eq ${bytes} ] && chmod ${mode} "$p"
`;

// A device keeps its mode. cp -p brings along mode and owner of the file that is to be replaced.
const inPlaceOf = (place: string, { mode, existing }: UploadFile, bytes: number) => `
p=${shellQuoted(place)} a=${shellQuoted(posix.join(posix.dirname(place), `.imaged-${randomUUID()}`))} m=${mode}
if [ -d "$p" ]; then echo 'it is a folder: end its name with a slash to put the file into it' >&2; exit 1; fi
if [ -f "$p" ] && [ ${existing} = keep-mode ]; then m=; fi
if [ -h "$p" ] || { [ -e "$p" ] && { [ ! -f "$p" ] || [ ! -w ${shellQuoted(posix.dirname(place))} ]; }; }; then
  cat >"$p" && { [ -z "$m" ] || [ ! -f "$p" ] || chmod $m "$p"; }
  exit
fi
umask 077
if [ -f "$p" ]; then cp -p "$p" "$a"; else (set -C; : >"$a"); fi &&
  cat >"$a" && [ $(wc -c <"$a") -eq ${bytes} ] && { [ -z "$m" ] || chmod $m "$a"; } && mv -f "$a" "$p" && exit
rm -f "$a"
exit 1
`;

/** The guest's `upload`, over its `run`. */
export const uploadBy =
  (run: Guest['run']): Guest['upload'] =>
  async (file, place, signal) => {
    const { name, input, existing } = file;
    const bytes = await bytesOf(input);
    const script = existing === 'refuse' ? asNew(place, file, bytes) : inPlaceOf(place, file, bytes);
    const last = keepLastLines();
    const { exitCode } = await run(script, { input, onLines: last.take }, signal);
    if (exitCode === 0) return;
    const said = last.lines();
    throw new Fault(
      'provisioner_failed',
      `${name} could not be written to ${place} in the guest: ${said.at(-1) ?? 'it did not say why'}`,
      { exitCode, file: name, output: said.join('\n') },
    );
  };
