import { Fault, type FieldError } from '../fault.ts';
import { pointerTo } from '../json/pointer.ts';
import { placesIn } from '../text/parse-error.ts';
import { makePause, turn } from '../turns.ts';
import { readJson } from './json.ts';
import { sourceText, type DocumentSource, type Saw } from './source.ts';
import { readYaml } from './yaml.ts';

// What is read in well under a millisecond.
const smallBytes = 64 * 1024;

const read = async (source: DocumentSource, saw?: Saw): Promise<unknown> => {
  // Many large ones may come together.
  if (source.bytes.byteLength > smallBytes) await turn();
  return source.form === 'JSON' ? readJson(source, saw) : readYaml(source, makePause(), saw);
};

/** A pointer and those to all that it stands in, itself first. */
const waysUp = (pointer: string): readonly string[] => {
  const ways = [pointer];
  for (let end = pointer.lastIndexOf('/'); end >= 0; end = pointer.lastIndexOf('/', end - 1)) {
    ways.push(pointer.slice(0, end));
    if (end === 0) break;
  }
  return ways;
};

/**
 * Where members of a document begin, by pointer: an offset into its text. What is not there has the place of the
 * nearest that it would stand in.
 */
const offsetsOf = async (source: DocumentSource, pointers: readonly string[]): Promise<readonly number[]> => {
  const wanted = new Set(pointers.flatMap(waysUp));
  const found = new Map<string, number>();
  try {
    await read(source, (path, offset) => {
      const pointer = pointerTo(path);
      if (wanted.has(pointer)) found.set(pointer, offset);
    });
  } catch (error) {
    // It ends where it is wrong, and that has been told.
    if (!(error instanceof Fault)) throw error;
  }
  return pointers.map((pointer) => found.get(waysUp(pointer).find((way) => found.has(way)) ?? '') ?? 0);
};

/** The field errors with line and column of each pointer into this document, which is read once more for that. */
export const withPlaces = async (
  errors: readonly FieldError[],
  source: DocumentSource,
  prefix = '',
): Promise<readonly FieldError[]> => {
  const isInside = ({ pointer, line }: FieldError) => line === undefined && pointer.startsWith(prefix) && /^(\/|$)/.test(pointer.slice(prefix.length)); // prettier-ignore
  const inside = errors.filter(isInside);
  if (inside.length === 0) return errors;
  const offsets = await offsetsOf(source, inside.map(({ pointer }) => pointer.slice(prefix.length))); // prettier-ignore
  const sorted = [...new Set(offsets)].toSorted((one, other) => one - other);
  const places = placesIn(sourceText(source), sorted);
  const placed = new Map(
    inside.map((error, index) => {
      const place = places[sorted.indexOf(offsets[index] ?? 0)];
      return [error, place === undefined ? error : { ...error, line: place.line, column: place.column }];
    }),
  );
  return errors.map((error) => placed.get(error) ?? error);
};

/** The fault with line and column of each place in this document that it names. */
export const faultWithPlaces = async (fault: Fault, source: DocumentSource, prefix = ''): Promise<Fault> => {
  const { errors } = fault.facts;
  if (errors === undefined) return fault;
  const facts = { ...fault.facts, errors: await withPlaces(errors, source, prefix) };
  return new Fault(fault.code, fault.message, facts, { cause: fault.cause });
};

/**
 * Reads the document of a client, undefined when there is nothing in it. Throws `too_large` beyond its bytes, else the
 * source's fault, with the place of what is wrong.
 */
export const readDocument = async (source: DocumentSource): Promise<unknown> => {
  try {
    return await read(source);
  } catch (error) {
    throw error instanceof Fault ? await faultWithPlaces(error, source) : error;
  }
};
