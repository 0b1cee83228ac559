import { z } from 'zod';
import { bounds } from '../../base/bounds.ts';
import { TemplateReference } from '../../base/records/template-reference.ts';
import { Template } from './template.ts';
import { forMachines, strict } from './words.ts';

const { name, provisioners, ...others } = Template.shape;

const Provisioners = provisioners.unwrap();

const Part = strict({
  part: z.string().describe('the name of the part; `base`: what this list is merged over'),
  ...forMachines,
}).describe('the provisioners of a part');

const keys = {
  ...others,
  provisioners: z
    .array(z.union([Provisioners.element, Part]))
    .max(bounds.provisioners)
    .describe('changes to the installed guest, in this order'),
};

/** What a machine may have of its own, all of it optional. */
const OwnKeys = strict(keys)
  .partial()
  .describe('what this machine has of its own, merged over the top of the template');

/** A template document as clients write it: `expandTemplate` makes a `Template` of it for each of its machines. */
export const TemplateDocument = strict({
  name: name.optional(),
  ...OwnKeys.shape,
  extends: TemplateReference.optional().describe(
    'a stored template that this one is merged over: `openbsd`, or `openbsd@3`',
  ),
  parts: z
    .record(z.string(), z.array(Provisioners.element).max(bounds.provisioners))
    .optional()
    .describe('lists of provisioners by name, used as `{ "part": "NAME" }` in provisioners'),
  machines: z
    .record(z.string(), OwnKeys)
    .optional()
    .describe('machines by name, each with what it has of its own; without it: one machine'),
}).describe('what to build');
