import { artifactName } from '../base/artifact-name.ts';
import type { Algorithm } from './digests.ts';

/**
 * The line that names a file and its digest. `bsd`: as sha256(1) of the BSDs prints it, `sha256 -C` and `sha256sum -c` check it,
 * and signify(1) signs it. `gnu`: as sha256sum(1) of the GNU coreutils prints it.
 */
export const sumLine = (algorithm: Algorithm, name: string, hex: string, form: 'bsd' | 'gnu'): string =>
  form === 'bsd' ? `${algorithm.toUpperCase()} (${artifactName(name)}) = ${hex}\n` : `${hex}  ${artifactName(name)}\n`;
