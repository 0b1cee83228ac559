import { z } from 'zod';
import { mediumKinds, type MediumKind } from '../../media/kind.ts';
import type { Medium as Uploaded } from '../../media/shelf.ts';
import type { ConfiguredMedium } from '../../media/configured.ts';
import { Time, timeOf } from '../contract/common.ts';

export const MediumName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'is no name of a medium: letters, digits and . _ -, at most 128');

export const Medium = z
  .object({
    name: z.string().meta({ description: 'A template names it as `media:NAME`.' }),
    origin: z.enum(['configuration', 'upload']).meta({ description: 'Who brought it: the operator, or a client.' }),
    kind: z.enum(mediumKinds).optional().meta({
      description:
        'What its first bytes look like: `disk` has a boot sector, `elf` is a kernel as likely as not, `file` is none of these. Missing where it cannot be read.',
    }),
    bytes: z.int().optional().meta({ description: 'Missing for a folder.' }),
    sha256: z.string().optional().meta({ description: 'Of an upload, in lower-case hexadecimal.' }),
    uploaded_at: Time.optional(),
    uploaded_by: z.string().optional().meta({ description: 'The name of the token.' }),
  })
  .meta({ id: 'Medium', description: 'A file or folder that templates may name.' });
type Medium = z.output<typeof Medium>;

export const MediumList = z.object({ items: z.array(Medium).meta({ description: 'By name.' }) });

export const showUpload = ({ name, kind, bytes, digests, uploadedAt, by }: Uploaded): Medium => ({
  ...{ name, kind, bytes, origin: 'upload' },
  sha256: digests.sha256,
  uploaded_at: timeOf(uploadedAt),
  uploaded_by: by,
});

export const showConfigured = (medium: ConfiguredMedium & { readonly kind?: MediumKind }): Medium => ({
  ...medium,
  origin: 'configuration',
});
