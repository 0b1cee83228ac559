import { open, type FileHandle } from 'node:fs/promises';

const convert = 'convert it (qemu-img convert -O qcow2)';
const image = (format: string): string =>
  `is an image of the format ${format}, and raw or qcow2 can be used: ${convert}`;
const compressed = (by: string): string => `is compressed by ${by}: unpack it first`;
const archive = (kind: string): string => `is ${kind}, as an OVA or a Vagrant box is: take the disk out of it, and ${convert} if it is not raw or qcow2`; // prettier-ignore

/** What other files begin with, at which byte; QEMU's block drivers have the numbers of the images, file(1) those of archives. */
const kinds: readonly { readonly at: number; readonly bytes: string; readonly why: string }[] = [
  { at: 0, bytes: 'KDMV', why: image('VMDK') },
  { at: 0, bytes: 'COWD', why: image('VMDK') },
  { at: 0, bytes: '# Disk DescriptorFile', why: image('VMDK') },
  { at: 64, bytes: '\x7f\x10\xda\xbe', why: image('VDI') },
  { at: 0, bytes: 'vhdxfile', why: image('VHDX') },
  { at: 0, bytes: 'conectix', why: image('VHD') },
  { at: 0, bytes: 'QED\0', why: image('QED') },
  { at: 0, bytes: 'WithoutFreeSpace', why: image('Parallels') },
  { at: 0, bytes: 'WithouFreSpacExt', why: image('Parallels') },
  { at: 0, bytes: '\x1f\x8b\x08', why: compressed('gzip, as a Vagrant box is, too') },
  { at: 0, bytes: '\xfd7zXZ\0', why: compressed('xz') },
  { at: 0, bytes: '\x28\xb5\x2f\xfd', why: compressed('zstd') },
  { at: 0, bytes: '\x04\x22\x4d\x18', why: compressed('lz4') },
  { at: 4, bytes: '1AY&SY', why: compressed('bzip2') },
  { at: 0, bytes: 'PK\x03\x04', why: archive('a zip archive') },
  { at: 0, bytes: '7z\xbc\xaf\x27\x1c', why: archive('a 7z archive') },
  { at: 257, bytes: 'ustar', why: archive('a tar archive') },
];

// A disk that boots has this at the end of its first sector, whatever its code begins with.
const bootSignature = '\x55\xaa';

/**
 * Why a file that is no qcow2 is no raw disk either; undefined where it may be one. As a raw disk it would be one that does not
 * boot, and nothing would say why.
 */
export const whyNoDisk = async (file: FileHandle): Promise<string | undefined> => {
  const bytes = Buffer.alloc(512);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
  const head = bytes.toString('latin1', 0, bytesRead);
  if (head.startsWith(bootSignature, 510)) return undefined;
  return kinds.find((kind) => head.startsWith(kind.bytes, kind.at))?.why;
};

/** Why a file is no medium that a drive reads: the machine would find nothing on it. Undefined where it may be one. */
export const whyNoMedium = async (path: string): Promise<string | undefined> => {
  await using file = await open(path);
  return whyNoDisk(file);
};
