/** What the first bytes of a body show it to be. */
export type ArchiveKind = 'tar' | 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'JSON';

/** Bytes after which `archiveKindOf` knows all that it can: the first header of a tar. */
export const archiveHeadBytes = 512;

const magic: readonly (readonly [ArchiveKind, RegExp])[] = [
  ['gzip', /^\x1f\x8b/],
  ['zstd', /^(?:\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)/],
  ['xz', /^\xfd7zXZ\0/],
  ['bzip2', /^BZh[1-9]/],
  ['JSON', /^[ \t\r\n]*[{[]/],
];

/** Undefined for what is none of these, as a tar from before POSIX is. */
export const archiveKindOf = (bytes: Uint8Array): ArchiveKind | undefined => {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', 0, archiveHeadBytes);
  // First, for the name of a file may begin with anything. No text has the NUL that fills a header's fields.
  if (head.startsWith('ustar', 257) && head.includes('\0')) return 'tar';
  return magic.find(([, begin]) => begin.test(head))?.[0];
};
