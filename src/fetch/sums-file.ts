import { algorithmOfLength, type Checksum } from './checksum.ts';

const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The name and the digest that a line holds, as md5sum(1) and sha256sum(1) of GNU and as sha256(1) of the BSDs print it. */
const sumIn = (line: string): { readonly name: string; readonly hex: string } | undefined => {
  const trimmed = line.trimEnd();
  const bsd = /^[A-Z0-9]+ \((.+)\) = ([0-9a-fA-F]+)$/.exec(trimmed);
  if (bsd) return { name: bsd[1] ?? '', hex: bsd[2] ?? '' };
  const gnu = /^([0-9a-fA-F]+)(?:\s+\*?(\S.*))?$/.exec(trimmed);
  return gnu ? { name: gnu[2] ?? '', hex: gnu[1] ?? '' } : undefined;
};

/**
 * The digest of a file in a list of digests: the longest that a line has for one of these names, whatever folder stands
 * before it. A list that is nothing but one digest is the file's. Undefined where the list does not have it.
 */
export const checksumIn = (text: string, names: readonly string[]): Checksum | undefined => {
  const sums = text.split('\n').flatMap((line): readonly (Checksum & { readonly name: string })[] => {
    const found = sumIn(line);
    const algorithm = found && algorithmOfLength(found.hex.length);
    return algorithm === undefined ? [] : [{ algorithm, hex: found?.hex.toLowerCase() ?? '', name: found?.name ?? '' }];
  });
  const [only] = sums;
  const isAlone = sums.length === 1 && only?.name === '';
  const [best] = sums
    .filter(({ name }) => isAlone || names.includes(lastOf(name)))
    .toSorted((one, other) => other.hex.length - one.hex.length);
  return best && { algorithm: best.algorithm, hex: best.hex };
};

/** What a list of digests may call the file at a URL. */
export const nameInSums = (url: URL): string => {
  const last = lastOf(url.pathname);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
};
