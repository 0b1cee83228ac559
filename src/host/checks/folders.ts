import { dirname, join } from 'node:path';
import { fail, ifThere, ok, warn } from '../answers.ts';
import { whyNot } from '../people.ts';
import { vmdTraits } from '../releases.ts';
import type { HostAnswer, Host, HostCheck, User } from '../types.ts';

// "/work/imaged-249/disk-0.qcow2" follows data_dir, and may become somewhat longer.
const longestBelow = 37;

const judgeFolder = async (host: Host, user: User, key: string, folder: string): Promise<HostAnswer | undefined> => {
  const make = `install -d -o ${user.name} -m 750 ${folder}`;
  switch (await whyNot(host, user, folder, 'read', 'write', 'search')) {
    case undefined:
      return undefined;
    case 'denied':
      return fail(`${key} may not be used by ${user.name}`, make);
    case 'missing': {
      const above = await whyNot(host, user, dirname(folder), 'write', 'search');
      return above === undefined ? undefined : fail(`${key} is not there, and ${user.name} may not make it`, make);
    }
  }
};

/** Whether imaged can use its folders, and publish by renaming: work and artifacts lie in one file system. */
export const folders: HostCheck = {
  name: 'folders',
  ask: async (asked) => {
    const { host, config, user } = asked;
    if (user === undefined) return warn('cannot be told before there is a user to run imaged');
    const { data_dir, run_dir } = config;
    const longestPath = vmdTraits(asked)?.longestPath ?? Infinity;
    if (Buffer.byteLength(data_dir) > longestPath - longestBelow)
      return fail(
        `data_dir is longer than ${longestPath - longestBelow} bytes, and vmd of this release takes paths of ${longestPath} at most`,
        'set a shorter data_dir',
      );
    const data = await judgeFolder(host, user, 'data_dir', data_dir);
    if (data !== undefined) return data;
    const isNew = (await ifThere(host.stat(data_dir))) === undefined;
    const run = isNew && dirname(run_dir) === data_dir ? undefined : await judgeFolder(host, user, 'run_dir', run_dir);
    if (run !== undefined) return run;
    const [work, builds] = await Promise.all(
      ['work', 'builds'].map((name) => ifThere(host.stat(join(data_dir, name)))),
    );
    if (work !== undefined && builds !== undefined && work.device !== builds.device)
      return fail(
        'work and builds below data_dir lie in different file systems, and artifacts are published by renaming them',
        'mount the file system at data_dir itself',
      );
    return ok(isNew ? 'data_dir and run_dir can be made' : 'data_dir and run_dir can be used');
  },
};
