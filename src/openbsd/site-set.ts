import { createWriteStream } from 'node:fs';
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';
import { Fault } from '../base/fault.ts';

export type SiteSetSpec = {
  /** The archive to write; its folder is there. */
  readonly to: string;
  /** A folder whose files come to their paths below the root of the new system. */
  readonly folder?: string;
  /** A script to run in the new system before its first boot. */
  readonly script?: string;
  /** Text for the end of /etc/rc.firsttime. */
  readonly firstTime?: string;
  readonly scriptName: 'install.site' | 'upgrade.site';
};

type Entry = { readonly name: string; readonly mode: 0o755 | 0o644; readonly content: Buffer };

// Beside what it is appended to, until the script has done so.
const firstTimeFile = 'etc/rc.firsttime.site';

/** Runs as install.site(5) wants it: in the new system, before its first boot; another exit code than 0 ends the installation. */
const wrapper = (ownScript: string | undefined): string => `#!/bin/sh
cat /${firstTimeFile} >>/etc/rc.firsttime && rm /${firstTimeFile} || exit 1
${ownScript === undefined ? '' : `/${ownScript}\n`}`;

const entriesIn = async (root: string, below: string): Promise<readonly Entry[]> => {
  const names = (await readdir(join(root, below))).sort();
  const found: Entry[] = [];
  for (const name of names) {
    const path = below === '' ? name : `${below}/${name}`;
    const kind = await lstat(join(root, path));
    if (kind.isDirectory()) found.push(...(await entriesIn(root, path)));
    else if (kind.isFile())
      found.push({
        name: path,
        mode: (kind.mode & 0o111) === 0 ? 0o644 : 0o755,
        content: await readFile(join(root, path)),
      });
    else
      throw new Fault('template_invalid', `The site set cannot hold "${path}": it is neither a file nor a folder.`, {
        entry: path,
      });
  }
  return found;
};

const scriptsOf = async ({ script, firstTime, scriptName }: SiteSetSpec): Promise<readonly Entry[]> => {
  const own = script === undefined ? undefined : await readFile(script);
  if (firstTime === undefined) return own === undefined ? [] : [{ name: scriptName, mode: 0o755, content: own }];
  const ownName = `${scriptName}.own`;
  return [
    { name: firstTimeFile, mode: 0o644, content: await readFile(firstTime) },
    { name: scriptName, mode: 0o755, content: Buffer.from(wrapper(own === undefined ? undefined : ownName)) },
    ...(own === undefined ? [] : [{ name: ownName, mode: 0o755 as const, content: own }]),
  ];
};

const add = (archive: Pack, { name, mode, content }: Entry): Promise<void> =>
  new Promise((resolve, reject) => {
    archive.entry(
      { name: `./${name}`, mode, mtime: new Date(0), uid: 0, gid: 0, uname: 'root', gname: 'wheel', type: 'file' },
      content,
      (error) => (error ? reject(error) : resolve()),
    );
  });

/**
 * Packs a site set for OpenBSD's installer (install.site(5)): files only, so that no folder of the new system changes its
 * mode; owned by root:wheel, executable or not, of the year 1970, in the order of their names: the same files give the
 * same bytes. Throws `template_invalid` for what is no file and for a file that is there twice.
 */
export const makeSiteSet = async (
  spec: SiteSetSpec,
  signal: AbortSignal,
): Promise<{ readonly files: number; readonly bytes: number }> => {
  const own = spec.folder === undefined ? [] : await entriesIn(spec.folder, '');
  const scripts = await scriptsOf(spec);
  const twice = scripts.find(({ name }) => own.some((entry) => entry.name === name));
  if (twice !== undefined)
    throw new Fault(
      'template_invalid',
      `The site set would hold "${twice.name}" twice: its folder has one of its own.`,
    );
  const entries = [...own, ...scripts].sort((one, other) => (one.name < other.name ? -1 : 1));
  const archive = pack();
  const written = pipeline(archive, createGzip({ level: 9 }), createWriteStream(spec.to, { mode: 0o600 }), { signal });
  const filled = async () => {
    for (const entry of entries) await add(archive, entry);
    archive.finalize();
  };
  await Promise.all([written, filled()]);
  return { files: entries.length, bytes: (await stat(spec.to)).size };
};
