import type { Api } from '../api/api.ts';

export type ContextLimits = { readonly files: number; readonly bytes: number };

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const number = (value: unknown): number => (typeof value === 'number' ? value : Infinity);

/** What the host takes as a context; without bounds where it does not say so, and then it judges alone. */
export const contextLimits = async (api: Api): Promise<ContextLimits> => {
  const { limits } = await api.ask('get', '/host', {});
  if (!isTable(limits)) return { files: Infinity, bytes: Infinity };
  return { files: number(limits['context_files']), bytes: number(limits['context_mb']) * 2 ** 20 };
};
