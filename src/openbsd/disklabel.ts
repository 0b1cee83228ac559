import { bounds } from '../base/bounds.ts';
import { ParseError } from '../base/text/parse-error.ts';
import { quoted } from '../base/text/nearest.ts';

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
const efiSectors = 532_480;

// As isspace(3) has it in the C locale: get_token() of disklabel(8) ends a word with any of these.
const blank = /[ \t\v\f\r]+/;

type Amount = { readonly value: number; readonly unit: string };

/** A number as strtod(3) reads it, and the letter behind it; undefined where there is none. What follows the letter is not read. */
const numberIn = (text: string): Amount | undefined => {
  const [number, decimal] = /^\+?(?:0x([0-9a-f]+)|(?:\d+(?:\.\d*)?|\.\d+)(?:e\+?\d+)?)/i.exec(text) ?? [];
  if (number === undefined) return undefined;
  return { value: decimal === undefined ? Number(number) : parseInt(decimal, 16), unit: text.charAt(number.length) };
};

const sectorsOf = ({ value }: Amount, unit: string): number | undefined => {
  const factor = sectorsPer[unit.toLowerCase()];
  return factor === undefined ? undefined : Math.floor(value * factor);
};

/** The end of a range: as the least size where there is none, without bound behind `-*`. */
const endOf = (text: string | undefined, least: number): number | undefined => {
  if (text === undefined || text === '') return least;
  if (text.startsWith('*')) return Infinity;
  const end = numberIn(text);
  if (end === undefined) return undefined;
  return end.value === 0 ? least : sectorsOf(end, end.unit);
};

/**
 * Reads `MIN`, `MIN-`, `MIN-MAX`, `MIN-*` or `*`, with k, m, g or t behind the numbers: of a unit only the first letter is
 * read, and the least size may borrow that of the other (editor.c, `parse_sizerange`). Throws a ParseError.
 */
export const sizeRange = (text: string): Pick<Partition, 'least' | 'most'> => {
  if (text === '*') return { least: 0, most: Infinity };
  const [, from = '', to] = /^([^-]*)(?:-(.*))?$/s.exec(text) ?? [];
  const start = numberIn(from);
  const unit = start?.unit === '' ? numberIn(to ?? '')?.unit : start?.unit;
  const least = start === undefined || unit === undefined ? undefined : sectorsOf(start, unit);
  const most = least === undefined ? undefined : endOf(to, least);
  if (least === undefined || most === undefined)
    throw new ParseError(`${quoted(text)} is not a size: write "2G", "2G-8G", "2G-*" or "*", with K, M, G or T`);
  if (least > most) throw new ParseError(`${quoted(text)} has a least size above its most`);
  return { least, most };
};

/** The mounts that are none: `swap` and `raid`, in any letters. */
const unmounted = ['swap', 'raid'];

export const isMounted = (mount: string): boolean => !unmounted.includes(mount);

const judgeMount = (mount: string) => {
  if (!isMounted(mount)) return;
  if (!mount.startsWith('/') || /\s/.test(mount))
    throw new ParseError(`${quoted(mount)} is no mount point: write "/", "/usr", "swap" or "raid"`);
};

/** Judges partitions together. Throws a ParseError. */
export const judgeLayout = (layout: Layout): void => {
  layout.forEach(({ mount }) => judgeMount(mount));
  if (!layout.some(({ mount }) => mount === '/')) throw new ParseError(`has no "/": '/' must be configured`);
  if (layout[0]?.mount !== '/')
    throw new ParseError('must begin with "/": the first partition is the one that is booted');
  if (layout.length > mostPartitions)
    throw new ParseError(`has ${layout.length} partitions: a disk has room for ${mostPartitions}`);
  const mounts = layout.map(({ mount }) => mount).filter(isMounted);
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

const percentOf = (text: string): number => {
  const [, digits] = /^\+?(\d+)%?$/.exec(text) ?? [];
  if (digits === undefined || Number(digits) > 100) throw new ParseError(`${quoted(text)} is no percentage`);
  return Number(digits);
};

const partitionIn = (line: string): Partition => {
  const [word = '', size = '', percent = ''] = line.split(blank, 3);
  if (line.startsWith('#')) throw new ParseError('is a comment, which disklabel(8) does not take');
  if (word === '') throw new ParseError('is empty or begins with a blank, which disklabel(8) does not take');
  const small = word.toLowerCase();
  const mount = isMounted(small) ? word : small;
  judgeMount(mount);
  if (size === '') throw new ParseError('has no size');
  return { mount, ...sizeRange(size), percent: percent === '' ? 0 : percentOf(percent) };
};

/**
 * Reads an autopartitioning template as disklabel(8) does (editor.c, `parse_autotable`): no comments, no empty lines,
 * nothing in front of a mount point, and nothing is read behind the percentage. Throws a ParseError with the line.
 */
export const parseDisklabel = (text: string): Layout => {
  const lines = text.replace(/\n$/, '').split('\n', bounds.layoutLines + 1);
  if (lines.length > bounds.layoutLines) throw new ParseError(`has more than ${bounds.layoutLines} lines`);
  return lines.map((line, index) => {
    try {
      return partitionIn(line);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      throw new ParseError(`line ${index + 1}: ${error.message}`);
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
