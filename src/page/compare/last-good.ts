import { call } from '../api/call.ts';
import type { Build, Page } from '../api/types.ts';

const mostLooked = '50';

const goodOf = async (
  { template, machine, id }: Build,
  after: string | undefined,
  signal: AbortSignal,
): Promise<Build | undefined> => {
  const query = new URLSearchParams({ template: template.name, status: 'succeeded', limit: mostLooked });
  if (after !== undefined) query.set('after', after);
  const { items } = await call<Page<Build>>(`builds?${query.toString()}`, { signal });
  const others = items.filter((build) => build.id !== id && build.machine === machine);
  // One whose artifacts are another's has run no step.
  return others.find(({ from_cache }) => from_cache === undefined) ?? others[0];
};

/** The last build of the same template that went well: before this one, or else after it. */
export const lastGoodOf = async (build: Build, signal: AbortSignal): Promise<Build | undefined> =>
  (await goodOf(build, build.id, signal)) ?? goodOf(build, undefined, signal);
