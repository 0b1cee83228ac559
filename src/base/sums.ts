/**
 * The line that names a file and its digest. `bsd`: as sha256(1) of the BSDs prints it, `sha256 -C` and `sha256sum -c` check it,
 * and signify(1) signs it. `gnu`: as sha256sum(1) of the GNU coreutils prints it.
 */
export const sumLine = (name: string, hex: string, algorithm = 'sha256', form: 'bsd' | 'gnu' = 'bsd'): string =>
  form === 'bsd' ? `${algorithm.toUpperCase()} (${name}) = ${hex}\n` : `${hex}  ${name}\n`;

/** The digests in a text of such lines, by name; other lines do not count. A digest may have any length. */
export const sumsIn = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split('\n').flatMap((line) => {
      const [, name, sum] = /^SHA256 \(([^()]+)\) = ([0-9a-f]+)$/.exec(line) ?? [];
      return name === undefined || sum === undefined ? [] : [[name, sum] as const];
    }),
  );
