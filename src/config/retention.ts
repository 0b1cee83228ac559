import { z } from 'zod';
import { labelNameRule, labelOf } from '../base/records/label.ts';
import { ParseError } from '../base/text/parse-error.ts';
import { judgedBy } from './judged-by.ts';
import { SizeMb } from '../base/units.ts';

const Count = z.int().min(0);
const Days = z.number().min(0);

const asLabel = (text: string): string => {
  if (labelOf(text) === undefined)
    throw new ParseError(`is not written key=value, with a key that a label can have: ${labelNameRule}`);
  return text;
};

const Rule = z.strictObject({
  template: z.string().min(1).optional().describe('Names of templates, with * for any characters. Default: all.'),
  labels: z
    .array(z.string().transform(judgedBy(asLabel)))
    .default([])
    .describe('Labels that a build has to have, each as "key=value".'),
  keep: Count.optional().describe(
    'How many of these builds are kept in all. Default: they count among the others, which retention.keep bounds.',
  ),
  keep_each: Count.optional().describe('How many of each template. Default: as of the others.'),
  days: Days.optional().describe('For how many days. Default: as of the others.'),
  keep_good: Count.optional().describe('How many of each template that succeeded. Default: as of the others.'),
});

/** The table [retention] of imaged.conf. */
export const Retention = z
  .strictObject({
    keep: Count.default(1000).describe('How many ended builds are kept.'),
    keep_each: Count.optional().describe('How many ended builds of each template are kept. Default: any number.'),
    days: Days.default(90).describe('How many days an ended build is kept.'),
    keep_good: Count.default(1).describe(
      'The newest builds of each template that succeeded: days and keep_each do not let so many of them go.',
    ),
    size: SizeMb.optional().describe(
      'Room of the artifacts of all ended builds together; beyond it the oldest go. Default: any.',
    ),
    rules: z
      .array(Rule)
      .max(100)
      .default([])
      .describe('What is kept of some builds, by template and label; the first that speaks of a build decides.'),
    lost_days: Days.default(30).describe(
      'How many days the folder of a build that the store does not know is kept in data_dir/lost+found.',
    ),
  })
  .prefault({});
