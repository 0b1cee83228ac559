import { access } from 'node:fs/promises';
import { unlessErrno } from '../../base/errno.ts';
import { fieldErrors, withPlaces } from '../../base/field-errors.ts';
import type { BuildAsked, CheckedBuild } from '../../queue/asked.ts';
import type { FrozenBuild } from '../../queue/records.ts';
import type { AdmissionParts } from '../admission.ts';
import { judgeMachine } from '../asked/judge.ts';
import { askAgain, type AgainAsk } from './asks.ts';
import { checkForgotten } from './forgotten.ts';
import { ofInput } from './strict.ts';

const checkContext = async (
  { folders }: Pick<AdmissionParts, 'folders'>,
  { id, contextId }: FrozenBuild['build'],
): Promise<void> => {
  if (contextId === undefined) return;
  const isThere = await unlessErrno(
    access(folders.context(contextId)).then(() => true),
    'ENOENT',
  );
  if (isThere === true) return;
  const wrong = fieldErrors();
  wrong.add(
    `${ofInput}/template`,
    'the files that came with it are gone from this host. Send them again, with POST /builds',
  );
  throw wrong.fault('inputs_changed', `Build ${id} cannot be made of the same again`);
};

/** What was sent with the request has its place there; all else is in the input of the build. */
const placeOf =
  ({ variables }: AgainAsk) =>
  (pointer: string): string => {
    const [, section, name = ''] = /^\/([^/]*)(?:\/([^/]*))?/.exec(pointer) ?? [];
    return section === 'variables' && Object.hasOwn(variables, name) ? pointer : ofInput + pointer;
  };

/**
 * Makes a build of what another was made of, whatever became of the stored template since. Throws as `Admission.check`, with
 * places in the other's input where the request did not send it, and `inputs_changed` where its context is gone.
 */
export const judgeFrozen = async (
  parts: AdmissionParts,
  frozen: FrozenBuild,
  ask: AgainAsk,
  as: Pick<BuildAsked, 'runId' | 'retryOf' | 'rebuildOf'>,
): Promise<CheckedBuild> => {
  const { build, input, beganWith } = frozen;
  await parts.checkRoom();
  checkForgotten(frozen, input.template, ask.variables);
  await checkContext(parts, build);
  const { templateName, templateVersion, extended = [], machine, contextId } = build;
  const asked = askAgain(frozen, ask);
  const template = {
    ...(beganWith?.stored === undefined ? {} : { stored: beganWith.stored }),
    ...(contextId === undefined ? {} : { contextId }),
    bases: extended,
  };
  const expanded = {
    name: machine ?? templateName,
    template: templateName,
    document: input.template,
    notes: [],
    pointerOf: (pointer: string) => pointer,
  };
  const recorded = new Map(Object.entries(input.bases ?? {}));
  try {
    return {
      ...(await judgeMachine(
        parts,
        asked,
        template,
        expanded,
        { ...as, ...(machine === undefined ? {} : { machine }) },
        recorded,
      )),
      ...(templateVersion === undefined ? {} : { templateVersion }),
    };
  } catch (error) {
    throw withPlaces(error, placeOf(ask));
  }
};
