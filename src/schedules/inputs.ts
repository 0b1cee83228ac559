import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { scheduleBounds } from '../base/bounds.ts';
import { unlessErrno } from '../base/errno.ts';
import type { Ids } from '../base/ids.ts';
import { digestOf } from '../build/canonical.ts';
import type { CheckedBuild } from '../queue/asked.ts';
import type { NewSchedule } from '../queue/schedules.ts';
import type { Store } from '../queue/store.ts';

const stateOf = async (path: string): Promise<unknown> => {
  const found = await unlessErrno(stat(path), 'ENOENT', 'ENOTDIR');
  return found === undefined ? [path] : [path, found.ino, found.size, found.mtimeMs];
};

/** How the files at a path stand, all below a folder; undefined: there are more than are looked at. */
const filesAt = async (path: string): Promise<readonly unknown[] | undefined> => {
  const found = await unlessErrno(stat(path), 'ENOENT', 'ENOTDIR');
  if (found?.isDirectory() !== true) return [await stateOf(path)];
  const names = await readdir(path, { recursive: true });
  if (names.length > scheduleBounds.files) return undefined;
  return Promise.all(names.toSorted().map((name) => stateOf(join(path, name))));
};

/**
 * A digest of all that a build of a schedule is made of, as far as it is known before it runs: the versions of its templates
 * with their files, the variables, the builds that it begins with, what it fetches by checksum, and files of the host, by
 * size and time of change. Not what its guest has from the network. What cannot be told is like nothing else.
 */
export const inputsDigest = async (
  schedule: Pick<NewSchedule, 'variables' | 'machine'>,
  checked: CheckedBuild,
  store: Pick<Store, 'template'>,
  ids: Pick<Ids, 'id'>,
): Promise<string> => {
  const { templateName, templateVersion, extended = [], bases = {}, inputs } = checked;
  const digestIn = async (name: string, version: number | undefined) => (await store.template(name, version))?.digest;
  const templates = [
    digestIn(templateName, templateVersion),
    ...extended.map((one) => digestIn(one.name, one.version)),
  ];
  const files = await Promise.all((inputs?.paths ?? []).map(filesAt));
  return digestOf({
    templates: await Promise.all(templates),
    ...{ variables: schedule.variables, machine: schedule.machine ?? null, bases, fetched: inputs?.fetched ?? [] },
    files: files.map((state) => state ?? ids.id()),
  });
};
