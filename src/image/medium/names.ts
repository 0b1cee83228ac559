import type { MediumFile } from './tree.ts';

// What FAT and Joliet both take (Microsoft, "FAT: General Overview of On-Disk Format" and "Joliet Specification").
const part = /^[A-Za-z0-9 _.,=+!#$%&'()@^`{}~[\]-]{1,64}$/;

const depth = 8;

/** Of all files on one medium. */
const mostFiles = 2000;

/** Why these files cannot stand on a CD or a floppy together, by their names; undefined when they can. */
export const whyNoNames = (files: readonly MediumFile[]): string | undefined => {
  if (files.length > mostFiles) return `holds ${files.length} files, and ${mostFiles} are the most`;
  const seen = new Set<string>();
  for (const { path } of files) {
    const parts = path.split('/');
    const wrong = parts.find((name) => !part.test(name) || /[ .]$/.test(name));
    if (wrong !== undefined || parts.length > depth)
      return `holds ${JSON.stringify(path.slice(0, 100))}: names have at most 64 characters of ASCII that FAT takes, and lie at most ${depth} folders deep`;
    // Neither FAT nor Joliet's readers tell cases apart.
    const folded = path.toLowerCase();
    if (seen.has(folded)) return `holds ${JSON.stringify(path.slice(0, 100))} twice`;
    seen.add(folded);
  }
  for (const { path } of files) {
    const parts = path.toLowerCase().split('/');
    for (let count = 1; count < parts.length; count++)
      if (seen.has(parts.slice(0, count).join('/')))
        return `holds ${JSON.stringify(parts.slice(0, count).join('/').slice(0, 100))} as a file and as a folder`;
  }
  return undefined;
};
