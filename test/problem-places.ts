import assert from 'node:assert/strict';
import { z } from 'zod';

const Problem = z.object({
  detail: z.string(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
});

/** How else a place might be written: `a.b[0].c` and `a.b.0.c` for `/a/b/0/c`. */
const otherForms = (pointer: string): readonly string[] => {
  const keys = pointer
    .replace(/^[a-z.]+:/, '')
    .split('/')
    .slice(1);
  if (keys.length < 2) return [];
  return [
    keys.join('.'),
    keys.map((key, at) => (/^\d+$/.test(key) ? `[${key}]` : at === 0 ? key : `.${key}`)).join(''),
  ];
};

/** Holds a problem to one way of naming a place: its detail names the first as its pointer does, and no text another way. */
export const holdPlaces = (body: unknown): void => {
  const { detail, errors = [] } = Problem.parse(body);
  const [first] = errors;
  if (first) assert.ok(detail.includes(first.pointer), `${detail} does not name ${first.pointer}`);
  for (const { pointer, message } of errors)
    for (const form of otherForms(pointer))
      for (const text of [detail, message]) assert.ok(!text.includes(form), `${text} has ${form} for ${pointer}`);
};
