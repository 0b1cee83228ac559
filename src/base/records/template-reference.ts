import { z } from 'zod';
import { templateReference } from './names.ts';

/** The name of a stored template, or of one of its versions. */
export const TemplateReference = z.string().regex(templateReference, 'names no template: write name or name@version');
