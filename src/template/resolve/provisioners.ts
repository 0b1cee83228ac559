import type { FieldErrors } from '../../base/field-errors.ts';
import { resolvePolicy } from '../../provisioners/common.ts';
import { resolveProvisioner, type ProvisionerSpec } from '../../provisioners/table.ts';
import type { Template } from '../document/template.ts';
import type { Fields } from './fields.ts';

/** The changes to the guest, in order. */
export const resolveProvisioners = async (
  template: Template,
  fields: Fields,
  wrong: FieldErrors,
): Promise<readonly ProvisionerSpec[]> => {
  const resolved: ProvisionerSpec[] = [];
  // One after the other: side by side, a thousand files would be looked for in one go.
  for (const [index, asked] of template.provisioners.entries()) {
    await fields.rest();
    const pointer = `/provisioners/${index}`;
    const policy = resolvePolicy(asked, `${asked.type}-${index + 1}`, pointer, fields);
    resolved.push(await resolveProvisioner(asked, policy, { pointer, fields, wrong }));
  }
  return resolved;
};
