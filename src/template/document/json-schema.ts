import { z } from 'zod';
import { TemplateDocument } from './template-document.ts';

/**
 * The form of a template as a JSON Schema (2020-12), for editors. It says less than `parseTemplate`: what is judged by code,
 * such as units and patterns, is text here.
 */
export const templateJsonSchema = (): Readonly<Record<string, unknown>> => ({
  ...z.toJSONSchema(TemplateDocument, { io: 'input', unrepresentable: 'any', target: 'draft-2020-12' }),
  title: 'A template of imaged',
});
