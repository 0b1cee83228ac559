import { fieldErrors } from '../../base/field-errors.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import type { VariableValues } from '../../base/records/variable-value.ts';
import type { FrozenBuild } from '../../queue/records.ts';

const entryOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;

/** Whether a value can be sent for this variable, as far as the document of its template says: it is no secret of the host. */
const isSent = (template: unknown, variable: string): boolean => {
  const declared = entryOf(entryOf(template, 'variables'), variable);
  return declared !== undefined && entryOf(declared, 'secret') === undefined;
};

/**
 * Throws `template_invalid` where a value of the build was forgotten, because it is sensitive and the build has ended, and is not
 * sent again though `template` has it: with a default in its place it would be another build. Of a build from before it was kept
 * which values were sent, every sensitive one counts.
 */
export const checkForgotten = (
  { build, input, beganWith }: FrozenBuild,
  template: unknown,
  sent: VariableValues,
): void => {
  const wrong = fieldErrors();
  for (const name of beganWith?.sent ?? build.sensitive)
    if (isSent(template, name) && !Object.hasOwn(sent, name) && !Object.hasOwn(input.variables, name))
      wrong.add(
        pointerTo(['variables', name]),
        'is missing: it is sensitive, and was forgotten when the build ended. Send its value again',
      );
  if (!wrong.isEmpty()) throw wrong.fault('template_invalid', `Build ${build.id} cannot be made again`);
};
