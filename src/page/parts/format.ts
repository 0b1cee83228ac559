const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1.5 GiB`. */
export const sizeText = (bytes: number): string => {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
};

const two = (number: number): string => String(number).padStart(2, '0');

/** `0.4 s`, `12 s`, `3:07`, `1:02:09`. */
export const durationText = (ms: number): string => {
  if (ms < 10_000) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours === 0 ? `${minutes}:${two(seconds % 60)}` : `${hours}:${two(minutes)}:${two(seconds % 60)}`;
};

/** `40 s`, `13 min`, `2 h 5 min`: of what is only about so long, and is not to be read as a time of the day. */
export const aboutText = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${Math.max(1, seconds)} s`;
  const minutes = Math.round(seconds / 60);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return hours === 0 ? `${minutes} min` : `${hours} h${rest === 0 ? '' : ` ${rest} min`}`;
};

/** `just now`, `5 min ago`, `3 h ago`, or the day. */
export const agoText = (time: string, now: number): string => {
  const minutes = Math.floor((now - Date.parse(time)) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return time.slice(0, 10);
};

/** `2026-03-01 12:00:00`, in the time of the browser. */
export const momentText = (time: string): string => {
  const at = new Date(time);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
};

/** How long a build has run, or ran, in milliseconds; undefined before it began. */
export const ranMs = (
  build: { readonly started_at?: string | undefined; readonly ended_at?: string | undefined },
  now: number,
): number | undefined =>
  build.started_at === undefined
    ? undefined
    : (build.ended_at === undefined ? now : Date.parse(build.ended_at)) - Date.parse(build.started_at);

/** How long a build has run, or ran; nothing before it began. */
export const tookText = (build: Parameters<typeof ranMs>[0], now: number): string => {
  const ran = ranMs(build, now);
  return ran === undefined ? '' : durationText(ran);
};
