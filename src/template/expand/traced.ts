import { pointerTo } from '../../base/json/pointer.ts';

/** Where a value was written. Of what was put together, `inner` has the places of its entries by their RFC 6901 names. */
type Origin = { readonly pointer: string; readonly inner?: ReadonlyMap<string, Origin> };

/** A value of a template with the places that its parts were written at, which survive merging. */
export type Traced = { readonly value: unknown; readonly from: Origin };

type Keyed = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Keyed =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const segmentOf = (key: string | number): string => pointerTo([key]).slice(1);

/** A document as it was sent; `pointer` is what stands in front of every place in it. */
export const traced = (value: unknown, pointer = ''): Traced => ({ value, from: { pointer } });

const innerOf = ({ from }: Traced, key: string | number): Origin =>
  from.inner?.get(segmentOf(key)) ?? { pointer: `${from.pointer}/${segmentOf(key)}` };

/** The entries of an object by key; of anything else: none. */
export const entriesOf = (one: Traced): ReadonlyMap<string, Traced> =>
  new Map(
    isObject(one.value)
      ? Object.entries(one.value).map(([key, value]) => [key, { value, from: innerOf(one, key) }])
      : [],
  );

/** What stands under a key of an object; undefined when nothing does. */
export const entryOf = (one: Traced, key: string): Traced | undefined =>
  isObject(one.value) && Object.hasOwn(one.value, key) ? { value: one.value[key], from: innerOf(one, key) } : undefined;

/** The items of a list; undefined for anything else. */
export const itemsOf = (one: Traced | undefined): readonly Traced[] | undefined =>
  one && Array.isArray(one.value)
    ? one.value.map((value: unknown, at) => ({ value, from: innerOf(one, at) }))
    : undefined;

/** An object of these entries, which stands at `pointer` as a whole. */
export const objectOf = (entries: ReadonlyMap<string, Traced>, pointer: string): Traced => ({
  value: Object.fromEntries([...entries].map(([key, { value }]) => [key, value])),
  from: { pointer, inner: new Map([...entries].map(([key, { from }]) => [segmentOf(key), from])) },
});

/** A list of these items, which stands at `pointer` as a whole. */
export const listOf = (items: readonly Traced[], pointer: string): Traced => ({
  value: items.map(({ value }) => value),
  from: { pointer, inner: new Map(items.map(({ from }, at) => [String(at), from])) },
});

/**
 * One value merged over another, by RFC 7396: objects key by key, anything else in place of what was there; null takes a
 * key away. Where there is nothing to take away null stays, and the schema refuses it.
 */
export const merge = (under: Traced, over: Traced): Traced => {
  if (!isObject(under.value) || !isObject(over.value)) return over;
  const entries = new Map(entriesOf(under));
  for (const [key, mine] of entriesOf(over)) {
    const theirs = entries.get(key);
    if (theirs === undefined) entries.set(key, mine);
    else if (mine.value === null) entries.delete(key);
    else entries.set(key, merge(theirs, mine));
  }
  return objectOf(entries, over.from.pointer);
};

/** Where a place in the value was written. */
export const placeOf = ({ from }: Traced, pointer: string): string => {
  const segments = pointer.split('/').slice(1);
  let origin = from;
  for (const [at, segment] of segments.entries()) {
    const inner = origin.inner?.get(segment);
    if (inner === undefined) return [origin.pointer, ...segments.slice(at)].join('/');
    origin = inner;
  }
  return origin.pointer;
};
