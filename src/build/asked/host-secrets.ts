import { fieldErrors } from '../../base/field-errors.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import { whyMayNotUse, type SecretUser } from '../../queue/rules/may-use.ts';
import type { Store } from '../../queue/store.ts';
import type { Template } from '../../template/document/template.ts';
import type { HostSecrets } from '../../template/spec.ts';

/** Whether the build is judged for the first time, or was accepted and runs now. */
export type Using = { readonly when: 'asked'; readonly user: SecretUser } | { readonly when: 'accepted' };

/**
 * The secrets of the host that the variables of a template name. Throws `template_invalid` for one that is not there, or that
 * this build may not use; `at` is where the template stands in what the client sent.
 */
export const hostSecretsOf = async (
  store: Pick<Store, 'secret'>,
  { variables }: Template,
  using: Using,
  at: string,
): Promise<HostSecrets> => {
  const found = new Map<string, { readonly value: string; readonly version: number }>();
  const wrong = fieldErrors();
  for (const [variable, { secret: name }] of Object.entries(variables)) {
    if (name === undefined) continue;
    const secret = await store.secret(name);
    const gone = using.when === 'asked' ? 'PUT /secrets makes one' : 'it was deleted after the build was accepted';
    const why =
      secret === undefined
        ? `is none of the secrets of this host: ${gone}`
        : using.when === 'asked' && whyMayNotUse(secret.mayUse, using.user);
    if (typeof why === 'string') wrong.add(`${at}${pointerTo(['variables', variable, 'secret'])}`, `"${name}" ${why}`);
    else if (secret !== undefined) found.set(name, secret);
  }
  if (!wrong.isEmpty()) throw wrong.fault('template_invalid', 'A secret of this host cannot be used');
  return found;
};

/**
 * Throws `template_invalid` where a template that is to be stored names a secret that is for other tokens: who builds it with one
 * of these would use the secret as its author says.
 */
export const judgeStoredSecrets = async (
  store: Pick<Store, 'secret'>,
  { variables }: Template,
  author: string,
): Promise<void> => {
  const wrong = fieldErrors();
  for (const [variable, { secret: name }] of Object.entries(variables)) {
    const tokens = name === undefined ? undefined : (await store.secret(name))?.mayUse.tokens;
    if (tokens !== undefined && !tokens.includes(author))
      wrong.add(pointerTo(['variables', variable, 'secret']), `"${name}" is not for this token: one that it is for may store this`); // prettier-ignore
  }
  if (!wrong.isEmpty()) throw wrong.fault('template_invalid', 'A secret of this host cannot be used');
};
