import { z } from 'zod';
import type { PostProcessorPlace } from '../kind.ts';

/** A password, a token or a private key of a template. */
export const Secret = z
  .string()
  .min(1)
  .max(16 * 1024);

/**
 * Its text; empty where a variable has no value yet. What stands in the template as it is would be seen by everybody who may
 * read the template, so a sensitive variable has to be in it.
 */
export const secretOf = ({ pointer, fields, wrong }: PostProcessorPlace, key: string, raw: string): string => {
  const at = `${pointer}/${key}`;
  const text = fields.early(at, raw);
  if (text !== undefined && !fields.isSecret(at, raw))
    wrong.add(at, 'stands in the template for all to read: declare a variable with "sensitive: true", and name it here as "{{ name }}"'); // prettier-ignore
  return text ?? '';
};
