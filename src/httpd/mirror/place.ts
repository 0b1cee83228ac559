import { Fault } from '../../base/fault.ts';
import { mirrorRoot } from '../../base/openbsd/mirror-layout.ts';
import { isReleaseFolder } from '../../base/openbsd/release-name.ts';
import type { MirrorPlace } from './types.ts';

// The platforms of OpenBSD (https://www.openbsd.org/plat.html). A closed list: a guest cannot make up folders to ask for.
const platforms = new Set(
  'alpha amd64 arm64 armv7 hppa i386 landisk loongson luna88k macppc octeon powerpc64 riscv64 sparc64'.split(' '),
);

const fileName = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/;

/** Whether a file may have this name: one segment, without a character that a shell or a URL would read otherwise. */
export const isFileName = (name: string): boolean => fileName.test(name);

/**
 * Reads a path such as `pub/OpenBSD/7.9/amd64/base79.tgz`. Undefined when it does not lie below `pub/OpenBSD/`. Throws
 * `mirror_refused` for what lies there and is not in a folder that has a SHA256.sig of the base or syspatch key:
 * REL, REL/PLATFORM and syspatch/REL/PLATFORM. Packages are signed one by one (pkg_sign(1)) and are not among them.
 */
export const placeOf = (path: string): MirrorPlace | undefined => {
  if (!path.startsWith(mirrorRoot)) return undefined;
  const folders = path.slice(mirrorRoot.length).split('/');
  const name = folders.pop() ?? '';
  const [first = '', second = '', third = ''] = folders;
  const folder = folders.join('/');
  const isBase = isReleaseFolder(first) && (folders.length === 1 || (folders.length === 2 && platforms.has(second)));
  if (isBase && isFileName(name)) return { folder, name, release: first, signer: 'base' };
  const isPatch = folders.length === 3 && first === 'syspatch' && second !== 'snapshots' && isReleaseFolder(second);
  if (isPatch && platforms.has(third) && isFileName(name)) return { folder, name, release: second, signer: 'syspatch' };
  throw new Fault(
    'mirror_refused',
    'The mirror has the files of RELEASE, RELEASE/PLATFORM, snapshots/PLATFORM and syspatch/RELEASE/PLATFORM, such as pub/OpenBSD/7.9/amd64/base79.tgz.',
    { path },
  );
};
