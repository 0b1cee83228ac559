import type { Journal } from './journal.ts';

/** The steps after which a machine runs, and those after which it has gone. */
const startsMachine = ['start-installer', 'boot-from-disk', 'go-on'];
export const letsMachineGo = ['await-end-of-install', 'shut-down'];

/** Whether a machine of the build has been started. */
export const hasMachine = ({ ended }: Pick<Journal, 'ended'>): boolean =>
  ended.some(({ name }) => startsMachine.includes(name));

/** What is known of a build that ran when its daemon ended. */
type Left = {
  readonly status: string;
  readonly attempt: number;
  readonly slot?: number;
  readonly cancelRequested: boolean;
};

/**
 * Why the build begins anew where a daemon that was started meanwhile could go on with it; undefined: it is gone on with. What
 * comes before its first machine is not worth it.
 */
export const whyAnew = (
  build: Left & { readonly id: string },
  journal: Journal | undefined,
  slots: number,
): string | undefined => {
  if (build.status !== 'running') return 'it was held';
  if (build.cancelRequested) return 'it is to be cancelled';
  if (build.slot === undefined || build.slot >= slots) return 'its worker is there no more';
  if (journal === undefined) return 'nothing that this imaged can read says how far it had come';
  if (journal.build !== build.id || journal.attempt !== build.attempt) return 'what is left is of another attempt';
  if (!hasMachine(journal)) return 'it had not started a machine';
  return undefined;
};
