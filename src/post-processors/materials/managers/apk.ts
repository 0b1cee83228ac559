import { licenceOf, type GuestPackage, type PackagesRead } from '../package.ts';

// https://wiki.alpinelinux.org/wiki/Apk_spec: `P:name`, and an empty line behind each package.
const shapes = {
  P: /^[A-Za-z0-9_][\w.+-]{0,127}$/,
  V: /^\d[\w.+~-]{0,127}$/,
  A: /^[\w-]{1,40}$/,
  L: /^.{0,500}$/,
  o: /^[A-Za-z0-9_][\w.+-]{0,127}$/,
} as const;

type Field = keyof typeof shapes;

const isField = (letter: string): letter is Field => Object.hasOwn(shapes, letter);

/** One package; undefined where a field has another form, or comes twice. */
const read = (lines: readonly string[]): GuestPackage | undefined => {
  const fields = new Map<Field, string>();
  for (const line of lines) {
    const [letter = '', value] = [line[0], line.slice(2)];
    if (line[1] !== ':' || !isField(letter) || fields.has(letter) || !shapes[letter].test(value)) return undefined;
    fields.set(letter, value);
  }
  const [name, version, arch, origin] = [fields.get('P'), fields.get('V'), fields.get('A'), fields.get('o')];
  if (name === undefined || version === undefined) return undefined;
  return {
    ...{ manager: 'apk', name, version },
    ...(arch === undefined ? {} : { arch }),
    ...(origin === undefined || origin === name ? {} : { source: { name: origin } }),
    ...licenceOf(fields.get('L')),
  };
};

/** What /lib/apk/db/installed of Alpine has of name, version, architecture, licence and origin. A part that is refused counts as one. */
export const readApk = (lines: readonly string[]): PackagesRead => {
  const packages: GuestPackage[] = [];
  let refused = 0;
  let part: string[] = [];
  for (const line of [...lines, '']) {
    if (line !== '') part.push(line);
    else if (part.length > 0) {
      const one = read(part);
      if (one === undefined) refused += 1;
      else packages.push(one);
      part = [];
    }
  }
  return { packages, refused };
};
