import { bounds } from '../base/bounds.ts';
import { ParseError } from '../base/parse-error.ts';
import { quoted } from '../base/nearest.ts';

/** One line of an autopartitioning template: sizes in sectors of 512 bytes. */
export type Partition = {
  readonly mount: string;
  readonly least: number;
  /** Infinity: as much as there is. */
  readonly most: number;
  /** Of what the least sizes leave. */
  readonly percent: number;
};

export type Layout = readonly Partition[];

const sectorsPer: Readonly<Record<string, number>> = { k: 2, m: 2048, g: 2 ** 21, t: 2 ** 31 };

// a to p without c, which is the whole disk (disklabel(8)).
const mostPartitions = 15;
// fdisk(8) begins the OpenBSD area behind the first track; older ones let it end with a whole cylinder.
const firstSector = 64;
const cylinder = 255 * 63;
/** What fdisk(8) sets aside for an EFI system partition on a disk with a GPT. */
export const efiSectors = 532_480;

const sizeOf = (text: string, unit: string): number => {
  const number = Number(text);
  return Math.floor(number * (sectorsPer[unit.toLowerCase()] ?? 0));
};

/** Reads `MIN`, `MIN-MAX`, `MIN-*` or `*`, with k, m, g or t behind the numbers. Throws a ParseError. */
export const sizeRange = (text: string): Pick<Partition, 'least' | 'most'> => {
  if (text === '*') return { least: 0, most: Infinity };
  const [, from, fromUnit, to, toUnit] = /^(\d+(?:\.\d+)?)([kmgt]?)b?(?:-(?:(\d+(?:\.\d+)?)([kmgt])b?|\*))?$/i.exec(text) ?? []; // prettier-ignore
  const unit = fromUnit === '' ? toUnit : fromUnit;
  if (from === undefined || unit === undefined || unit === '')
    throw new ParseError(`${quoted(text)} is not a size: write "2G", "2G-8G", "2G-*" or "*", with K, M, G or T`);
  const least = sizeOf(from, unit);
  const most = to === undefined ? (text.endsWith('*') ? Infinity : least) : sizeOf(to, toUnit ?? '');
  if (least > most) throw new ParseError(`${quoted(text)} has a least size above its most`);
  return { least, most };
};

const judgeMount = (mount: string) => {
  if (mount === 'swap') return;
  if (!mount.startsWith('/') || /[\s#]/.test(mount) || (mount !== '/' && mount.endsWith('/')))
    throw new ParseError(`${quoted(mount)} is no mount point: write "/", "/usr" or "swap"`);
};

/** Judges partitions together. Throws a ParseError. */
export const judgeLayout = (layout: Layout): void => {
  layout.forEach(({ mount }) => judgeMount(mount));
  if (!layout.some(({ mount }) => mount === '/')) throw new ParseError(`has no "/": '/' must be configured`);
  if (layout[0]?.mount !== '/')
    throw new ParseError('must begin with "/": the first partition is the one that is booted');
  if (layout.length > mostPartitions)
    throw new ParseError(`has ${layout.length} partitions: a disk has room for ${mostPartitions}`);
  const mounts = layout.map(({ mount }) => mount).filter((mount) => mount !== 'swap');
  const twice = mounts.find((mount, index) => mounts.indexOf(mount) < index);
  if (twice !== undefined) throw new ParseError(`has ${quoted(twice)} twice`);
  const percents = layout.reduce((sum, { percent }) => sum + percent, 0);
  if (percents > 100) throw new ParseError(`gives away ${percents} percent: the sum must be 100 at most`);
};

/** Sectors that partitions may fill on a disk of that size. */
const roomOn = (diskMb: number, isGpt: boolean) => diskMb * 2048 - firstSector - (isGpt ? efiSectors : 0);

/** Judges whether the least sizes fit on a disk. Throws a ParseError. */
export const judgeFit = (layout: Layout, diskMb: number, isGpt = false): void => {
  const room = roomOn(diskMb, isGpt) - cylinder;
  const needed = layout.reduce((sum, { least }) => sum + least, 0);
  const mb = (sectors: number) => Math.ceil(sectors / 2048);
  if (needed > room)
    throw new ParseError(`needs ${mb(needed)} MB, and the root disk of ${diskMb} MB has room for ${mb(room)} MB`);
};

/** Sectors that each partition gets (disklabel(8), `allocate_space`): the last one takes what is left. */
export const allotted = (layout: Layout, diskMb: number): readonly number[] => {
  const left = roomOn(diskMb, false) - layout.reduce((sum, { least }) => sum + least, 0);
  return layout.map(({ least, most, percent }, index) => {
    const share = index === layout.length - 1 || percent === 100 ? left : Math.floor(left / 100) * percent;
    return Math.min(most, least + Math.max(0, share));
  });
};

/**
 * Reads an autopartitioning template as disklabel(8) does (editor.c, `parse_autotable`): no comments, no empty lines,
 * nothing in front of a mount point. Throws a ParseError with the line.
 */
export const parseDisklabel = (text: string): Layout => {
  const lines = text.replace(/\n$/, '').split('\n', bounds.layoutLines + 1);
  if (lines.length > bounds.layoutLines) throw new ParseError(`has more than ${bounds.layoutLines} lines`);
  return lines.map((line, index) => {
    const place = `line ${index + 1}: `;
    const [mount = '', size, percent = '0%'] = line.split(/\s+/);
    if (line.startsWith('#')) throw new ParseError(`${place}is a comment, which disklabel(8) does not take`);
    if (mount === '') throw new ParseError(`${place}is empty or begins with a blank, which disklabel(8) does not take`);
    if (size === undefined || size === '') throw new ParseError(`${place}has no size`);
    const [, digits] = /^(\d{1,3})%?$/.exec(percent) ?? [];
    if (digits === undefined || Number(digits) > 100)
      throw new ParseError(`${place}${quoted(percent)} is no percentage`);
    try {
      judgeMount(mount.toLowerCase() === 'swap' ? 'swap' : mount);
      return { mount: mount.toLowerCase() === 'swap' ? 'swap' : mount, ...sizeRange(size), percent: Number(digits) };
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      throw new ParseError(`${place}${error.message}`);
    }
  });
};

/** A template of disklabel(8) from its parts. */
export const renderDisklabel = (
  parts: readonly { readonly mount: string; readonly size: string; readonly percent?: number | undefined }[],
): string =>
  parts
    .map(({ mount, size, percent }) => `${mount}\t${size}${percent === undefined ? '' : `\t${percent}%`}\n`)
    .join('');
