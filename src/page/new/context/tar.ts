/** A file of an archive, by its path in it. */
export type PageTarFile = { readonly path: string; readonly content: Blob; readonly mode: number };

const blockBytes = 512;

const utf8 = new TextEncoder();

type Field = { readonly at: number; readonly bytes: Uint8Array };

const text = (at: number, value: string): Field => ({ at, bytes: utf8.encode(value) });

const octal = (at: number, value: number, digits: number): Field =>
  text(at, `${value.toString(8).padStart(digits, '0')}\0`);

type Header = { readonly name: string; readonly prefix?: string; readonly mode: number; readonly size: number };

/** A header of ustar (POSIX.1-2017, pax): nothing of a time or an owner, so that the same files give the same bytes. */
const header = ({ name, prefix = '', mode, size }: Header, kind: '0' | 'x'): Uint8Array<ArrayBuffer> => {
  const block = new Uint8Array(blockBytes);
  const fields = [
    ...[text(0, name), octal(100, mode, 7), octal(108, 0, 7), octal(116, 0, 7)],
    ...[octal(124, size, 11), octal(136, 0, 11), text(148, ' '.repeat(8)), text(156, kind)],
    ...[text(257, 'ustar\u000000'), text(345, prefix)],
  ];
  for (const { at, bytes } of fields) block.set(bytes, at);
  // Its own eight bytes count as blanks.
  block.set(
    utf8.encode(
      `${block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
    ),
    148,
  );
  return block;
};

const padding = (size: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array((blockBytes - (size % blockBytes)) % blockBytes);

const bytesOf = (value: string): number => utf8.encode(value).length;

/** The path as name and prefix; undefined where they do not hold it. */
const split = (path: string): Pick<Header, 'name' | 'prefix'> | undefined => {
  if (bytesOf(path) <= 100) return { name: path };
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (bytesOf(prefix) <= 155 && bytesOf(name) <= 100) return { prefix, name };
  }
  return undefined;
};

/** A record of pax: its length in bytes, itself counted, and what it says. */
const record = (key: string, value: string): string => {
  const rest = ` ${key}=${value}\n`;
  const withLength = (length: number): string => `${length}${rest}`;
  const guess = bytesOf(withLength(bytesOf(rest)));
  return withLength(bytesOf(withLength(guess)));
};

const partsOf = ({ path, content, mode }: PageTarFile): readonly (Blob | Uint8Array<ArrayBuffer>)[] => {
  const known = split(path);
  const parts = [
    header({ ...(known ?? { name: 'long' }), mode, size: content.size }, '0'),
    content,
    padding(content.size),
  ];
  if (known !== undefined) return parts;
  const long = utf8.encode(record('path', path));
  return [header({ name: 'path', mode: 0o644, size: long.length }, 'x'), long, padding(long.length), ...parts];
};

/** The files as an archive, in this order. What they hold is read when the archive is sent, and not before. */
export const tarOf = (files: readonly PageTarFile[]): Blob =>
  new Blob([...files.flatMap(partsOf), new Uint8Array(2 * blockBytes)], { type: 'application/x-tar' });
