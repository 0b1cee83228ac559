/** Files that go into the folder of a program on the host, and that come out of it. */

import { constants } from 'node:fs';
import { chmod, link, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessErrno } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';
import type { Identity } from '../../base/identity.ts';
import { quoted } from '../../base/text/nearest.ts';
import { copySparse } from '../../image/copy-sparse.ts';
import { eachBlock } from '../../image/each-block.ts';
import type { HostWork } from '../../provisioners/kind.ts';

// What a program left there may be a link to anything, or no file.
const asItIs = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const refuse = (name: string, why: string): never => {
  throw new Fault('provisioner_failed', `The scripts were to leave a file ${quoted(name)} in their folder: ${why}.`);
};

/** A second name where programs run as the daemon does; another user gets a copy of its own. */
const lend =
  (folder: string, user: Identity | undefined): HostWork['lend'] =>
  async (from, name, signal) => {
    await mkdir(join(folder, 'artifacts'), { recursive: true, mode: 0o700 });
    const to = join(folder, 'artifacts', name);
    if (user !== undefined) await copySparse({ from, to, signal });
    else {
      await link(from, to);
      await chmod(to, 0o400);
    }
  };

const take =
  (folder: string, user: Identity | undefined): HostWork['take'] =>
  async (name, to, mostBytes, signal) => {
    await using source = await unlessErrno(open(join(folder, name), asItIs), 'ENOENT', 'ELOOP', 'ENXIO');
    if (source === undefined) return refuse(name, 'there is none');
    const { size, uid, nlink } = await source.stat();
    // The folder may lie where its user could put another in its place: only that user's own files are taken.
    if (!(await source.stat()).isFile() || uid !== (user?.uid ?? process.getuid?.()) || nlink !== 1)
      return refuse(name, 'what is there is no plain file of its own');
    if (size > mostBytes) return refuse(name, `it has ${size} bytes, and ${mostBytes} are allowed by its "max_size"`);
    await using target = await open(to, 'wx', 0o600);
    try {
      await eachBlock(source, signal, async (block, offset) => {
        if (offset + block.length > mostBytes) refuse(name, 'it grew while it was copied');
        await target.writeFile(block);
      });
    } catch (error) {
      await rm(to, { force: true });
      throw error;
    }
  };

/** What moves files of the build into the folder of the programs of a user, and back. */
export const hostFiles = (folder: string, user: Identity | undefined): Pick<HostWork, 'lend' | 'take'> => ({
  lend: lend(folder, user),
  take: take(folder, user),
});
