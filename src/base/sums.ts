/** A line with the digest of a file, as sha256(1) of OpenBSD prints and checks it. */
export const sumLine = (name: string, sha256: string): string => `SHA256 (${name}) = ${sha256}\n`;

/** The digests in a text of such lines, by name; other lines do not count. A digest may have any length. */
export const sumsIn = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split('\n').flatMap((line) => {
      const [, name, sum] = /^SHA256 \(([^()]+)\) = ([0-9a-f]+)$/.exec(line) ?? [];
      return name === undefined || sum === undefined ? [] : [[name, sum] as const];
    }),
  );
