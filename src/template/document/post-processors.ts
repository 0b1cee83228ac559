import { z } from 'zod';
import { bounds } from '../../base/bounds.ts';
import { postProcessors } from '../../post-processors/table.ts';
import { oneOfTypes } from './words.ts';

const PostProcessor = oneOfTypes(postProcessors).describe('a change to what is published');

const Sequence = z
  .array(PostProcessor)
  .min(1)
  .max(bounds.postProcessors)
  .describe('a sequence, which begins with the artifacts and runs beside the others');

/** Post-processors as a template has them: one sequence, or a list of several. */
export const PostProcessors = z
  .array(z.union([PostProcessor, Sequence]))
  .max(bounds.postProcessors)
  .check(({ value, issues }) => {
    const lists = value.filter((one) => Array.isArray(one));
    if (lists.length > bounds.sequences)
      issues.push({ code: 'custom', input: value, message: `has more than ${bounds.sequences} sequences` });
    if (value.flat().length > bounds.postProcessors)
      issues.push({ code: 'custom', input: value, message: `has more than ${bounds.postProcessors} post-processors` });
    if (lists.length === 0 || lists.length === value.length) return;
    const message = 'is a post-processor beside sequences, which are lists: put it into one, or into a list of its own';
    for (const [at, one] of value.entries())
      if (!Array.isArray(one)) issues.push({ code: 'custom', input: one, path: [at], message });
  });

/** A post-processor of a template, and where in the template it stands. */
export type PlacedPostProcessor = { readonly asked: z.output<typeof PostProcessor>; readonly pointer: string };

/** The sequences of a template: a plain list is one. */
export const sequencesOf = (all: z.output<typeof PostProcessors>): readonly (readonly PlacedPostProcessor[])[] => {
  const sequences: PlacedPostProcessor[][] = [];
  const alone: PlacedPostProcessor[] = [];
  for (const [at, one] of all.entries()) {
    const pointer = `/post_processors/${at}`;
    if (Array.isArray(one)) sequences.push(one.map((asked, place) => ({ asked, pointer: `${pointer}/${place}` })));
    else alone.push({ asked: one, pointer });
  }
  return alone.length > 0 ? [alone] : sequences;
};
