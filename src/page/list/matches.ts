import type { Build } from '../api/types.ts';

/** Whether all words of the text are somewhere in what a row shows, or in its fault. */
export const matches = (build: Build, text: string): boolean => {
  const shown = [
    ...[build.id, build.status, build.phase, build.template.name, build.machine, build.requested_by, build.host],
    ...[build.fault?.code, build.fault?.title, build.fault?.message],
    ...Object.entries(build.labels).map(([key, value]) => `${key}=${value}`),
  ]
    .join('\n')
    .toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => shown.includes(word));
};
