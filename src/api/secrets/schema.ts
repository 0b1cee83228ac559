import { z } from 'zod';
import { bounds } from '../../base/bounds.ts';
import { shortestSecret } from '../../base/mask/secret-words.ts';
import type { HostSecret } from '../../base/records/host-secret.ts';
import { storedName, storedNameRule } from '../../base/records/names.ts';
import { Labels, TemplateName, Time, timeOf } from '../contract/common.ts';

export const SecretName = z
  .string()
  .regex(storedName, `is no name: ${storedNameRule}`)
  .meta({ description: 'What it is called by.', example: 'registry-password' });

const listOf = (item: z.ZodType<string>) => z.array(item).min(1, 'is empty: leave it out').max(bounds.secretUsers);

/** The body of PUT /secrets/{name}. */
export const NewSecret = z
  .strictObject({
    value: z
      .string()
      .min(shortestSecret, `is shorter than ${shortestSecret} characters: it could not be masked in logs`)
      .max(bounds.variableCharacters)
      .meta({ description: 'The secret. No answer ever shows it.' }),
    templates: listOf(TemplateName)
      .optional()
      .meta({ description: 'Only builds that are asked for by the name of one of these stored templates may use it.' }),
    labels: Labels.optional().meta({ description: 'Only builds with these labels may use it.' }),
    tokens: listOf(z.string().min(1).max(128))
      .optional()
      .meta({ description: 'Only builds that are asked for with a token of one of these names may use it.' }),
  })
  .meta({ id: 'NewSecret', description: 'A secret of the host, and which builds may use it: all, unless it says so.' });

export const Secret = z
  .object({
    name: SecretName,
    version: z.int().meta({ description: 'Grows with each new value.' }),
    templates: z.array(z.string()).optional().meta({ description: 'The stored templates whose builds may use it.' }),
    labels: z.record(z.string(), z.string()).optional().meta({ description: 'What builds need to use it.' }),
    tokens: z.array(z.string()).optional().meta({ description: 'The tokens whose builds may use it.' }),
    created_at: Time,
    changed_at: Time.meta({ description: 'When it was last stored.' }),
    used_by: z.array(z.string()).meta({
      description: `Names of the templates whose builds have used it, of builds that are kept; at most ${bounds.secretUsers}.`,
    }),
  })
  .meta({ id: 'Secret', description: 'A secret of the host, without its value.' });

export const SecretList = z.object({ items: z.array(Secret).meta({ description: 'By name.' }) });

export const showSecret = ({
  name,
  version,
  mayUse: { templates, labels, tokens },
  createdAt,
  changedAt,
  usedBy,
}: HostSecret & { readonly usedBy: readonly string[] }) => ({
  ...{ name, version },
  ...(templates === undefined ? {} : { templates }),
  ...(labels === undefined ? {} : { labels }),
  ...(tokens === undefined ? {} : { tokens }),
  created_at: timeOf(createdAt),
  changed_at: timeOf(changedAt),
  used_by: usedBy,
});
