import { Cron } from 'croner';
import { scheduleBounds } from '../base/bounds.ts';
import { ParseError } from '../base/text/parse-error.ts';

/** The times of a schedule. */
export type ScheduleTimes = {
  /** The first time after a moment, both in Unix milliseconds; undefined: there is none any more. */
  readonly after: (moment: number) => number | undefined;
};

const form = /^(?:@(?:hourly|daily|midnight|weekly|monthly|yearly|annually)|\S+(?: +\S+){4})$/i;

const localIn = (timeZone: string): ((moment: number) => string) => {
  try {
    const format = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
    return (moment) => format.format(moment);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ParseError('is no time zone: write one of the IANA database, such as "Europe/Berlin" or "UTC"');
  }
};

/** Throws a ParseError for a time zone that there is not. */
export const checkTimeZone = (timeZone: string): void => void localIn(timeZone);

/** Days and months are counted from zero in what the parser says. */
const counted = (why: string): string =>
  why.replace(/^(Invalid value for (?:day|month): )(-?\d+)/, (_, what: string, value) => `${what}${Number(value) + 1}`);

// How much clocks are set back by: an hour, or on Lord Howe Island half of it.
const setBackMs = [3_600_000, 1_800_000];

// So many times are passed at most: those of the longest hour that comes twice, minute by minute.
const mostPassed = 120;

/**
 * Reads a cron expression of five fields, or `@daily` and the like, in a time zone. Where clocks are set ahead, a time that
 * is left out comes when they are set; where they are set back, a time that comes twice is taken the first time alone, unless
 * the expression has every hour. Throws a ParseError.
 */
export const timesOf = (cron: string, timeZone: string): ScheduleTimes => {
  const text = cron.trim();
  if (text.length > scheduleBounds.cronCharacters || !form.test(text))
    throw new ParseError(
      'is no cron expression: write minute, hour, day, month and weekday, as "30 2 * * 1-5", or "@daily"',
    );
  const local = localIn(timeZone);
  const everyHour = text.split(/ +/)[1] === '*' || /^@hourly$/i.test(text);
  const parsed = (() => {
    try {
      return new Cron(text, { timezone: timeZone, paused: true, fixedTimeRule: 'no-wildcard' });
    } catch (error) {
      const why = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
      throw new ParseError(`is no cron expression: ${counted(why)}`);
    }
  })();
  const isSecond = (moment: number) => setBackMs.some((ms) => local(moment - ms) === local(moment));
  return {
    after: (moment) => {
      let from = moment;
      for (let passed = 0; passed <= mostPassed; passed++) {
        const next = parsed.nextRun(new Date(from))?.getTime();
        if (next === undefined || everyHour || !isSecond(next)) return next;
        from = next;
      }
      return undefined;
    },
  };
};
