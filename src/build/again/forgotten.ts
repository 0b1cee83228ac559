import { fieldErrors } from '../../base/field-errors.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import type { VariableValues } from '../../base/records/variable-value.ts';
import type { FrozenBuild } from '../../queue/records.ts';

/**
 * Throws `template_invalid` where a value of the build was forgotten, because it is sensitive and the build has ended, and is not
 * sent again: with a default in its place it would be another build. Of a build from before it was kept which values were sent,
 * every sensitive one counts, but for those that are not sent: secrets of the host, and what the template has no more.
 */
export const checkForgotten = (
  { build, input, beganWith }: FrozenBuild,
  sent: VariableValues,
  isNotSent: (variable: string) => boolean,
): void => {
  const wrong = fieldErrors();
  for (const name of beganWith?.sent ?? build.sensitive)
    if (!isNotSent(name) && !Object.hasOwn(sent, name) && !Object.hasOwn(input.variables, name))
      wrong.add(
        pointerTo(['variables', name]),
        'is missing: it is sensitive, and was forgotten when the build ended. Send its value again',
      );
  if (!wrong.isEmpty()) throw wrong.fault('template_invalid', `Build ${build.id} cannot be made again`);
};
