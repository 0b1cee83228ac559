import { z } from 'zod';

/** The name of a stored template, or of one of its versions. */
export const TemplateReference = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?(?:@[1-9][0-9]{0,8})?$/,
    'names no template: write name or name@version',
  );
