import { maskOf } from '../../base/mask/mask.ts';
import type { VariableValues } from '../../base/records/variable-value.ts';
import type { BeganWith, CheckedBuild } from '../../queue/asked.ts';
import type { Spec } from '../../template/spec.ts';
import { digestOf } from '../canonical.ts';
import { filesAt } from './files-state.ts';
import type { TemplateAsked } from './template-asked.ts';

/** The SHA-256 of an upload, by the path of its file; undefined for any other file. */
export type UploadDigest = (path: string) => string | undefined;

/** See `BeganWith`. */
export const beganWithOf = async (
  { hostSecrets = [], secrets }: Pick<Spec, 'hostSecrets' | 'secrets'>,
  { files }: NonNullable<CheckedBuild['inputs']>,
  {
    stored,
    sensitive,
    variables,
  }: {
    readonly stored: TemplateAsked['stored'] | undefined;
    readonly sensitive: readonly string[];
    readonly variables: VariableValues;
  },
  uploadDigest: UploadDigest = () => undefined,
): Promise<BeganWith> => {
  const mask = maskOf(secrets);
  const stateOf = async (path: string): Promise<string> => {
    const digest = uploadDigest(path);
    return digest === undefined ? `stat:${digestOf((await filesAt(path)) ?? 'too many')}` : `sha256:${digest}`;
  };
  return {
    ...(stored === undefined ? {} : { stored }),
    files: await Promise.all(files.map(async ({ path, shown }) => ({ name: mask(shown), state: await stateOf(path) }))),
    secrets: hostSecrets.map(({ name, version }) => ({ name, version })),
    sent: Object.keys(variables).filter((name) => sensitive.includes(name)),
  };
};
