import type { FieldErrors } from '../../base/field-errors.ts';
import type { Notes } from '../../base/notes.ts';
import type { HostFacts } from '../../context/files.ts';
import { resolvePolicy } from '../../provisioners/common.ts';
import type { DownloadedFile, Place } from '../../provisioners/kind.ts';
import { downloadsOf, resolveProvisioner, type ProvisionerSpec } from '../../provisioners/table.ts';
import type { Template } from '../document/template.ts';
import type { Fields } from './fields.ts';

/** The changes to the guest, in order. */
export const resolveProvisioners = async (
  template: Template,
  fields: Fields,
  wrong: FieldErrors,
  notes: Pick<Notes, 'add'>,
  host: HostFacts | undefined,
): Promise<readonly ProvisionerSpec[]> => {
  const resolved: ProvisionerSpec[] = [];
  const downloaded: DownloadedFile[] = [];
  const allows: Place['allows'] = (what) => host?.allows?.[what] ?? true;
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
      allows,
    });
    downloaded.push(...downloadsOf(spec));
    resolved.push(spec);
  }
  return resolved;
};
