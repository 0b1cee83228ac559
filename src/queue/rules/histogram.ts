/** Times, counted by how long they were: buckets that each end a tenth above where they begin, so that few of them hold years. */

/** How many times there were in a bucket. */
export type Bucket = { readonly bucket: number; readonly n: number };

const growth = 1.1;

/** The bucket of a time in milliseconds; migrations/0013_statistics.sql says the same. */
export const bucketOf = (ms: number): number => (ms <= 1 ? 0 : 1 + Math.floor(Math.log(ms) / Math.log(growth)));

/** What stands for the times of a bucket: at most 5 % off. */
const middleOf = (bucket: number): number => (bucket === 0 ? 1 : growth ** (bucket - 0.5));

/** The time in milliseconds that this part of the times does not exceed: 0.5 for the median. Undefined: there are none. */
export const quantileOf = (buckets: readonly Bucket[], part: number): number | undefined => {
  const ordered = buckets.toSorted((one, other) => one.bucket - other.bucket);
  let left = Math.ceil(ordered.reduce((all, { n }) => all + n, 0) * part);
  const found = ordered.find(({ n }) => (left -= n) <= 0);
  return found === undefined ? undefined : Math.round(middleOf(found.bucket));
};
