import { quoted } from '../../../base/text/nearest.ts';
import { within, type HclScope } from '../evaluate/scope.ts';
import { HclError, type Problems } from '../hcl-error.ts';
import { recordOf, type Placed } from './placed.ts';
import { plainBody } from './plain-body.ts';
import { sourceOf, type Use } from './uses.ts';

const taken = ['type', 'name'];

/** A builder of the document: the source, what the build adds to it, and its name. */
export const builderOf = (use: Use, name: string, scope: HclScope, problems: Problems): Placed => {
  const { source, added, at } = use;
  const wrong = source.body.attributes.find((one) => taken.includes(one.name));
  if (wrong !== undefined)
    problems.add(
      new HclError(wrong.at, `${quoted(wrong.name)} is no attribute of a source: its labels say type and name`),
    );
  const own = added?.block.body;
  // The iterator of a dynamic block has the same name, and stands in its place.
  const named = within(scope, { source: sourceOf(use) });
  const addition =
    added === undefined || own === undefined
      ? []
      : plainBody(
          { ...own, attributes: own.attributes.filter((one) => one.name !== 'name') },
          within(named, added.names),
          problems,
        );
  return recordOf(source.at, [
    ['type', { value: use.type, places: [['', source.labels[0]?.at ?? source.at]] }],
    ['name', { value: name, places: [['', at]] }],
    ...plainBody(source.body, named, problems),
    ...addition,
  ]);
};
