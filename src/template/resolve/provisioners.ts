import type { FieldErrors } from '../../base/field-errors.ts';
import type { Notes } from '../../base/notes.ts';
import type { ContextHostFacts } from '../../context/files.ts';
import { resolvePolicy } from '../../provisioners/common.ts';
import type { DownloadedFile, ProvisionerPlace } from '../../provisioners/kind.ts';
import { downloadsOf, resolveProvisioner, type ProvisionerSpec } from '../../provisioners/table.ts';
import type { Template } from '../document/template.ts';
import type { Fields } from './fields.ts';

const allowedBy =
  (host: ContextHostFacts | undefined): ProvisionerPlace['allows'] =>
  (what) =>
    host?.allows?.[what] ?? true;

/** What is run when one of them has failed. */
export const resolveErrorCleanup = async (
  { error_cleanup_provisioner: asked }: Template,
  fields: Fields,
  wrong: FieldErrors,
  notes: Pick<Notes, 'add'>,
  host: ContextHostFacts | undefined,
): Promise<{ readonly errorCleanup?: ProvisionerSpec }> => {
  if (asked === undefined) return {};
  const pointer = '/error_cleanup_provisioner';
  const policy = resolvePolicy(asked, 'error-cleanup', pointer, fields);
  const place = { pointer, fields, wrong, downloaded: [], note: notes.add, allows: allowedBy(host) };
  return { errorCleanup: await resolveProvisioner(asked, policy, place) };
};

/** The changes to the guest, in order. */
export const resolveProvisioners = async (
  template: Template,
  fields: Fields,
  wrong: FieldErrors,
  notes: Pick<Notes, 'add'>,
  host: ContextHostFacts | undefined,
): Promise<readonly ProvisionerSpec[]> => {
  const resolved: ProvisionerSpec[] = [];
  const downloaded: DownloadedFile[] = [];
  // One after the other: side by side, a thousand files would be looked for in one go.
  for (const [index, asked] of template.provisioners.entries()) {
    await fields.pause();
    const pointer = `/provisioners/${index}`;
    const policy = resolvePolicy(asked, `${asked.type}-${index + 1}`, pointer, fields);
    const spec = await resolveProvisioner(asked, policy, {
      pointer,
      fields,
      wrong,
      downloaded,
      note: notes.add,
      allows: allowedBy(host),
    });
    downloaded.push(...downloadsOf(spec));
    resolved.push(spec);
  }
  return resolved;
};
