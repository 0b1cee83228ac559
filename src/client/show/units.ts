import type { Progress } from '../api/types.ts';

// The larger unit and the smaller one that it is told with, in seconds.
const pairs = [
  { name: 'd', seconds: 86_400, rest: 'h', restSeconds: 3600 },
  { name: 'h', seconds: 3600, rest: 'min', restSeconds: 60 },
  { name: 'min', seconds: 60, rest: 's', restSeconds: 1 },
] as const;

/** A time for people: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 2 h`. */
export const shownSeconds = (seconds: number): string => {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  const pair = pairs.find((one) => whole >= one.seconds);
  if (pair === undefined) return `${whole} s`;
  const rest = Math.floor((whole % pair.seconds) / pair.restSeconds);
  return `${Math.floor(whole / pair.seconds)} ${pair.name}${rest === 0 ? '' : ` ${rest} ${pair.rest}`}`;
};

const sizes = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A size for people: `312 B`, `4.2 MiB`. */
export const shownBytes = (bytes: number): string => {
  let [size, step] = [bytes, 0];
  while (size >= 1024 && step < sizes.length - 1) [size, step] = [size / 1024, step + 1];
  return `${step === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${sizes[step] ?? ''}`;
};

/** How long a build still takes, where that is known. */
export const shownLeft = ({ eta_seconds: seconds }: Progress = {}): string =>
  seconds === undefined || seconds === null ? '' : `about ${shownSeconds(Math.round(seconds))} left`;

/** Seconds between two moments, each in RFC 3339 or in Unix milliseconds. */
export const secondsBetween = (from: string | number, to: string | number): number =>
  (new Date(to).getTime() - new Date(from).getTime()) / 1000;
