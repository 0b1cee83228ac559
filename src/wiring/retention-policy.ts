import type { Config } from '../config/config.ts';
import type { RetentionPolicy } from '../queue/rules/retention.ts';

const boundsIn = ({
  keep_each: keepEach,
  days,
  keep_good: keepGood,
}: {
  readonly keep_each?: number | undefined;
  readonly days?: number | undefined;
  readonly keep_good?: number | undefined;
}) => ({
  ...(keepEach === undefined ? {} : { keepEach }),
  ...(days === undefined ? {} : { days }),
  ...(keepGood === undefined ? {} : { keepGood }),
});

const splitAt = (text: string, mark: string): readonly [string, string] => {
  const at = text.indexOf(mark);
  return [text.slice(0, at), text.slice(at + mark.length)];
};

/** The table [retention] of imaged.conf, as the queue reads it. */
export const retentionOf = ({ keep, size, rules, ...all }: Config['retention']): RetentionPolicy => ({
  ...{ keep, days: all.days, keepGood: all.keep_good },
  ...boundsIn(all),
  ...(size === undefined ? {} : { bytes: size * 2 ** 20 }),
  rules: rules.map((rule) => ({
    ...boundsIn(rule),
    ...(rule.template === undefined ? {} : { template: rule.template }),
    ...(rule.keep === undefined ? {} : { keep: rule.keep }),
    labels: Object.fromEntries(rule.labels.map((label) => splitAt(label, '='))),
  })),
});
