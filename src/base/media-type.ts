import type { DiskFormat } from './hardware.ts';

/** Media types of disks, by the names that shared-mime-info has for them: none is registered. */
export const diskMediaTypes = {
  qcow2: 'application/x-qemu-disk',
  raw: 'application/x-raw-disk-image',
} as const satisfies Record<DiskFormat, string>;

/** A file of which no more is known. */
export const anyBytes = 'application/octet-stream';

/** The format of a disk, by its media type; undefined for any other file. */
export const diskFormatOf = (mediaType: string): DiskFormat | undefined =>
  (['qcow2', 'raw'] as const).find((format) => diskMediaTypes[format] === mediaType);

/** Of a Vagrant box. None is registered; its parameters are what a catalogue says of the box. */
const box = 'application/x-vagrant-box';

export type BoxFacts = { readonly provider: string; readonly architecture: string; readonly version: string };

/** The media type of a box; each fact is letters, digits and `. _ -` (tokens of RFC 9110, section 5.6.2). */
export const boxType = ({ provider, architecture, version }: BoxFacts): string =>
  `${box}; provider=${provider}; architecture=${architecture}; version=${version}`;

/** What a media type says of a box; undefined for any other file. */
export const boxFactsOf = (mediaType: string): BoxFacts | undefined => {
  const [, provider, architecture, version] =
    /^application\/x-vagrant-box; provider=([\w.-]+); architecture=([\w.-]+); version=([\w.-]+)$/.exec(mediaType) ?? [];
  return provider === undefined || architecture === undefined || version === undefined
    ? undefined
    : { provider, architecture, version };
};
