import { fieldErrors } from '../../base/field-errors.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import { quoted } from '../../base/text/nearest.ts';
import type { BeganWith } from '../../queue/asked.ts';
import type { FrozenBuild } from '../../queue/records.ts';

/** In front of a place in what `GET /builds/{id}/input` shows: what a request has not sent itself. */
export const ofInput = 'input:';

/**
 * Throws `inputs_changed` where what a build begins with now is not what the frozen one began with; the places are those of
 * `began_with` in its input.
 */
export const checkSame = ({ build, beganWith }: FrozenBuild, now: BeganWith | undefined): void => {
  const wrong = fieldErrors();
  const at = (...path: readonly string[]) => ofInput + pointerTo(['began_with', ...path]);
  if (beganWith === undefined)
    wrong.add(at(), 'is not known: the build is from before it was kept. Rebuild it without "strict"');
  for (const [place, { name, state }] of (beganWith?.files ?? []).entries()) {
    const found = now?.files.find((file) => file.name === name);
    if (found === undefined) wrong.add(at('files', String(place)), `${quoted(name)} is gone`);
    else if (found.state !== state)
      wrong.add(at('files', String(place)), `${quoted(name)} has changed since the build was accepted`);
  }
  for (const [place, { name, version }] of (beganWith?.secrets ?? []).entries()) {
    const found = now?.secrets.find((secret) => secret.name === name);
    if (found?.version === version) continue;
    const why = found === undefined ? 'is gone' : `has version ${found.version} now, and had ${version}`;
    wrong.add(at('secrets', String(place)), `the secret ${quoted(name)} ${why}`);
  }
  if (!wrong.isEmpty()) throw wrong.fault('inputs_changed', `Build ${build.id} would not be made of the same again`);
};
