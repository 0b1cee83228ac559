import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { errnoOf, isErrno } from '../../base/errno.ts';
import { asFault, Fault, faults, type FaultClass, type FaultCode } from '../../base/fault.ts';

/** A folder that the daemon made when it started, and needs for as long as it runs. */
export type OwnFolder = {
  /** As people know it. */
  readonly name: string;
  readonly path: string;
  readonly mode: number;
  /** `nothing`: it may be made again, empty. `data`: what was in it is lost with it. `copies`: its writers make it. */
  readonly holds: 'nothing' | 'data' | 'copies';
};

type Trouble = { readonly words: string; readonly isMissing: boolean };

const troubleOf = async (path: string): Promise<Trouble | undefined> => {
  try {
    if (!(await stat(path)).isDirectory()) return { words: 'is not a folder any more', isMissing: false };
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { words: 'is gone', isMissing: true };
    return { words: `cannot be used (${errnoOf(error) ?? String(error)})`, isMissing: false };
  }
};

const unusable = ({ name, path, holds }: OwnFolder, { words }: Trouble): Fault =>
  new Fault(
    'folder_unusable',
    `${name} ${words}. ${holds === 'nothing' ? 'Make the folder' : 'Bring it back, with what was in it, or make it empty'}, and give it to the user that runs imaged; builds wait until then.`,
    { folder: path },
  );

/** The first of the folders that cannot be used, as a fault. */
export const firstUnusable = async (own: readonly OwnFolder[]): Promise<Fault | undefined> => {
  const troubles = await Promise.all(own.map(async (folder) => ({ folder, trouble: await troubleOf(folder.path) })));
  const found = troubles.find(
    ({ folder, trouble }) => trouble !== undefined && !(trouble.isMissing && folder.holds === 'copies'),
  );
  return found?.trouble && unusable(found.folder, found.trouble);
};

/** Makes again what may be made again, and says which. Throws `folder_unusable`, then no build is to be started. */
export const restoreFolders = async (own: readonly OwnFolder[]): Promise<readonly string[]> => {
  const made: string[] = [];
  for (const { name, path, mode, holds } of own) {
    if (holds !== 'nothing' || (await troubleOf(path))?.isMissing !== true) continue;
    // Not with its parents: where data_dir is gone, an empty one in its place would hide that.
    await mkdir(path, { mode }).then(
      () => made.push(name),
      (error: unknown) => {
        if (asFault(error).code !== 'internal') throw error;
      },
    );
  }
  const fault = await firstUnusable(own);
  if (fault !== undefined) throw fault;
  return made;
};

/** Who else may change what is in the folders; undefined: no other. */
export const whyUnsafe = async (own: readonly OwnFolder[], uid: number): Promise<string | undefined> => {
  for (const { name, path } of own) {
    const facts = await stat(path).catch(() => undefined);
    if (facts === undefined) continue;
    if (facts.uid !== uid && facts.uid !== 0) return `${name} belongs to another user`;
    if ((facts.mode & 0o002) !== 0) return `${name} may be written by everybody`;
  }
  return undefined;
};

// What a folder that went away can look like to a step that needed it, and what says more than that.
const mayHide: readonly FaultClass[] = ['guest', 'infra', 'internal', 'timeout'];
const saysMore: readonly FaultCode[] = ['folder_unusable', 'storage_full', 'host_exhausted', 'draining', 'lease_lost'];

/**
 * The fault of a step that failed because a folder went away under it: then the host is to blame, not the guest whose ssh
 * broke. `ofBuild` are the build's own folders, which a step before has made.
 */
export const behindFolders = async (
  fault: Fault,
  own: readonly OwnFolder[],
  ofBuild: readonly string[],
): Promise<Fault> => {
  if (!mayHide.includes(faults[fault.code].class) || saysMore.includes(fault.code)) return fault;
  const whole = await firstUnusable(own);
  const ofThis = ofBuild.map(
    (path) => ({ name: 'A folder of this build', path, mode: 0o700, holds: 'nothing' }) as const,
  );
  const cause = whole ?? (await firstUnusable(ofThis));
  if (cause === undefined) return fault;
  return new Fault(cause.code, `${cause.message} Because of that: ${fault.message}`, { ...fault.facts, ...cause.facts }, { cause: fault }); // prettier-ignore
};
