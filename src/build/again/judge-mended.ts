import { fieldErrors, withWords } from '../../base/field-errors.ts';
import { Fault } from '../../base/fault.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import { maskCutTexts } from '../../base/mask/mask.ts';
import { textsOfValue } from '../../base/records/variable-value.ts';
import type { CheckedBuild } from '../../queue/asked.ts';
import type { FrozenBuild } from '../../queue/records.ts';

/** The sensitive values that a build which has not ended still has. */
const keptIn = ({ build, input }: FrozenBuild) =>
  Object.entries(input.variables).filter(([name]) => build.sensitive.includes(name));

const refuseOthers = ({ build, ...frozen }: FrozenBuild, by: string | undefined): void => {
  const wrong = fieldErrors();
  if (by === undefined || by !== build.requestedBy)
    for (const [name] of keptIn({ build, ...frozen }))
      wrong.add(
        pointerTo(['template', 'variables', name]),
        'holds a secret of another token; only that token may send a template that uses it',
      );
  if (wrong.isEmpty()) return;
  throw wrong.fault(
    'template_invalid',
    `Build ${build.id} cannot go on with this, and POST /builds/${build.id}/retry builds it anew with values of your own`,
  );
};

const refuseShown = ({ build, ...frozen }: FrozenBuild, { sensitive }: Pick<CheckedBuild, 'sensitive'>): void => {
  const wrong = fieldErrors();
  for (const [name] of keptIn({ build, ...frozen }))
    if (!sensitive.includes(name))
      wrong.add(
        pointerTo(['template', 'variables', name]),
        'must be sensitive: the build has a sensitive value for it',
      );
  if (!wrong.isEmpty()) throw wrong.fault('template_invalid', `Build ${build.id} cannot go on with this`);
};

/**
 * Judges a template that a held build is to go on with. It is filled in with the sensitive values that the build was asked for
 * with: so it has to come with the token that these came with, must not make them plain ones, and no error shows them.
 */
export const judgeMended = async (
  frozen: FrozenBuild,
  by: string | undefined,
  judge: () => Promise<CheckedBuild>,
): Promise<CheckedBuild> => {
  refuseOthers(frozen, by);
  const hide = maskCutTexts(keptIn(frozen).flatMap(([, value]) => textsOfValue(value)));
  try {
    const checked = await judge();
    refuseShown(frozen, checked);
    return checked;
  } catch (error) {
    throw error instanceof Fault ? withWords(error, hide) : error;
  }
};
