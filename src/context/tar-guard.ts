import { Fault } from '../base/fault.ts';
import type { Stage } from './inflate.ts';

// Long names and times need hundreds of bytes; tar-stream would keep 4 MiB, and read a made-up one for hours.
const mostMetadata = 64 * 1024;
const blockBytes = 512;

// pax headers for one entry and for all; long names and link names of GNU's tar, old and new.
const metadataFlags = ['x', 'g', 'L', 'K', 'N'];

const refuse = (what: string): never => {
  throw new Fault('context_invalid', `The tar archive ${what}.`);
};

// What says that the holes of a file were left out: by GNU's tar and bsdtar, by star, by Solaris.
const sparseRecords = ['GNU.sparse.', 'SCHILY.realsize=', 'SUN.holesdata='];

const refuseSparse = (): never =>
  refuse('holds a sparse file, and holes are not read: pack it without --sparse, or with --format ustar');

/** Octal digits between blanks and zeros: POSIX has no more, and what is longer is larger than any context. */
const sizeIn = (header: Buffer): number => {
  const [, digits] = /^ *([0-7]*)[ \0]*$/.exec(header.toString('latin1', 124, 136)) ?? [];
  return digits === undefined ? refuse('has an entry whose size is no octal number') : Number(`0o0${digits}`);
};

/** The size that the records of a pax header give to the entry behind it. Every record must be whole: `LENGTH KEY=VALUE\n`. */
const sizeInRecords = (records: Buffer): number | undefined => {
  let size: number | undefined;
  for (let at = 0; at < records.length;) {
    const [head = '', digits] = /^([0-9]{1,6}) /.exec(records.toString('latin1', at, at + 7)) ?? [];
    const end = at + Number(digits);
    const isWhole = digits !== undefined && end > at + head.length && records[end - 1] === 0x0a;
    if (!isWhole) refuse('has a pax header with a record that is not whole');
    const record = records.toString('latin1', at + head.length, Math.min(end - 1, at + head.length + 40));
    if (sparseRecords.some((key) => record.startsWith(key))) refuseSparse();
    if (record.startsWith('size=')) {
      const [, value] = /^size=([0-9]{1,15})$/.exec(record) ?? [];
      size = value === undefined ? refuse('has a pax header with a size that is no number') : Number(value);
    }
    at = end;
  }
  return size;
};

/**
 * Walks along the headers of a tar as tar-stream will, and lets it see metadata (pax headers, long names) only when
 * they are short and whole. Throws `context_invalid`.
 */
// One function, though long: where it stands in the archive is all that it has.
export const tarGuard: Stage = async function* (bytes) {
  // What is left of the contents of an entry, with their padding, and what is gathered of a header or of metadata.
  let left = 0;
  let gathered = Buffer.alloc(0);
  let metadata: { readonly bytes: number; readonly flag: string } | undefined;
  // Of the pax headers in front of the entry that comes next, and of the global one, which counts beside those alone.
  let next: { readonly size: number | undefined } | undefined;
  let global: number | undefined;

  const padded = (size: number) => Math.ceil(size / blockBytes) * blockBytes;

  const takeMetadata = (flag: string, contents: Buffer) => {
    if (flag === 'x') next = { size: sizeInRecords(contents) ?? global };
    if (flag === 'g') global = sizeInRecords(contents);
  };

  const takeHeader = (header: Buffer) => {
    if (header.every((byte) => byte === 0)) return;
    // tar-stream goes no further than this, and says why.
    if (header.toString('latin1', 257, 262) !== 'ustar') {
      left = Infinity;
      return;
    }
    const own = sizeIn(header);
    const flag = String.fromCharCode(header.readUInt8(156));
    if (flag === 'S') refuseSparse();
    if (metadataFlags.includes(flag)) {
      if (own > mostMetadata) refuse(`has metadata of ${own} bytes: ${mostMetadata} is the most for one entry`);
      metadata = own === 0 ? undefined : { bytes: own, flag };
      return;
    }
    const size = next?.size ?? own;
    next = undefined;
    const name = header.toString('latin1', 0, 100).split('\0', 1)[0] ?? '';
    const isFolder = flag === '5' || ((flag === '0' || flag === '\0') && name.endsWith('/'));
    left = isFolder ? 0 : padded(size);
  };

  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length;) {
      if (left > 0) {
        const skipped = Math.min(left, chunk.length - at);
        left -= skipped;
        at += skipped;
        continue;
      }
      const wanted = metadata === undefined ? blockBytes : padded(metadata.bytes);
      const part = chunk.subarray(at, at + wanted - gathered.length);
      at += part.length;
      gathered = Buffer.concat([gathered, part]);
      if (gathered.length < wanted) continue;
      const whole = gathered;
      gathered = Buffer.alloc(0);
      if (metadata === undefined) takeHeader(whole);
      else {
        const { flag, bytes: own } = metadata;
        metadata = undefined;
        takeMetadata(flag, whole.subarray(0, own));
      }
    }
    yield chunk;
  }
};
