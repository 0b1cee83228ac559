import type { FieldErrors } from '../../base/field-errors.ts';
import { resolvePolicy } from '../../provisioners/common.ts';
import type { DownloadedFile } from '../../provisioners/kind.ts';
import { downloadsOf, resolveProvisioner, type ProvisionerSpec } from '../../provisioners/table.ts';
import type { Template } from '../document/template.ts';
import type { Fields } from './fields.ts';

/** What is run when one of them has failed. */
export const resolveErrorCleanup = async (
  { error_cleanup_provisioner: asked }: Template,
  fields: Fields,
  wrong: FieldErrors,
): Promise<{ readonly errorCleanup?: ProvisionerSpec }> => {
  if (asked === undefined) return {};
  const pointer = '/error_cleanup_provisioner';
  const policy = resolvePolicy(asked, 'error-cleanup', pointer, fields);
  return { errorCleanup: await resolveProvisioner(asked, policy, { pointer, fields, wrong, downloaded: [] }) };
};

/** The changes to the guest, in order. */
export const resolveProvisioners = async (
  template: Template,
  fields: Fields,
  wrong: FieldErrors,
): Promise<readonly ProvisionerSpec[]> => {
  const resolved: ProvisionerSpec[] = [];
  const downloaded: DownloadedFile[] = [];
  // One after the other: side by side, a thousand files would be looked for in one go.
  for (const [index, asked] of template.provisioners.entries()) {
    await fields.pause();
    const pointer = `/provisioners/${index}`;
    const policy = resolvePolicy(asked, `${asked.type}-${index + 1}`, pointer, fields);
    const spec = await resolveProvisioner(asked, policy, { pointer, fields, wrong, downloaded });
    downloaded.push(...downloadsOf(spec));
    resolved.push(spec);
  }
  return resolved;
};
