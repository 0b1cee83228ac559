import { dayMs } from '../../base/records/day.ts';

/** How many of some builds are kept, and for how long. */
export type Bounds = {
  /** Of each template. */
  readonly keepEach?: number;
  readonly days: number;
  /** The newest of each template that succeeded: the two above do not let them go. */
  readonly keepGood: number;
};

/** What is kept of the builds that it speaks of, in place of what is kept of others. */
export type RetentionRule = Partial<Bounds> & {
  /** The names of templates, with `*` for any characters; undefined: all. */
  readonly template?: string;
  /** All of these, with these values. */
  readonly labels: Readonly<Record<string, string>>;
  /** How many of these builds in all; undefined: they count among the others. */
  readonly keep?: number;
};

/** What is kept of builds that have ended. */
export type RetentionPolicy = Bounds & {
  readonly keep: number;
  /** Of all artifacts together; undefined: any. */
  readonly bytes?: number;
  /** The first that speaks of a build decides. */
  readonly rules: readonly RetentionRule[];
};

/** A build that has ended, as the retention sees it. */
export type EndedBuild = {
  readonly id: string;
  /** Unix milliseconds. */
  readonly endedAt: number;
  readonly templateName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly hasSucceeded: boolean;
  /** Of its artifacts. */
  readonly bytes: number;
  /** It is pinned, or a build that has not ended begins with an artifact of it. */
  readonly isKept: boolean;
};

/** Whether a name is this pattern, in which `*` stands for any characters. Linear in both for each `*`. */
export const matchesName = (pattern: string, name: string): boolean => {
  const [first = '', ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  const end = name.length - last.length;
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
};

const speaksOf = ({ template = '*', labels }: RetentionRule, build: EndedBuild): boolean =>
  matchesName(template, build.templateName) &&
  Object.entries(labels).every(([key, value]) => build.labels[key] === value);

/** Counts by key; gives the new number. */
const counter = () => {
  const counts = new Map<string, number>();
  return (key: string): number => {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count;
  };
};

/**
 * Says of each ended build whether it goes. To be asked of all of them, the newest first: what is kept is the newest. A build
 * that is kept for another reason counts, and stays.
 */
export const judgeEnded = (policy: RetentionPolicy, now: number): ((build: EndedBuild) => boolean) => {
  const inAll = counter();
  const ofTemplate = counter();
  const good = counter();
  let bytes = 0;
  return (build) => {
    const at = policy.rules.findIndex((rule) => speaksOf(rule, build));
    const rule = policy.rules[at];
    const own = rule?.keep === undefined ? { name: 'others', keep: policy.keep } : { name: `${at}`, keep: rule.keep };
    const { keepEach = Infinity, days, keepGood } = { ...policy, ...rule };
    const each = `${at} ${build.templateName}`;
    const isGood = build.hasSucceeded && good(each) <= keepGood;
    const isBeyond = inAll(own.name) > own.keep;
    const isOld = ofTemplate(each) > keepEach || build.endedAt < now - days * dayMs;
    bytes += build.bytes;
    const goes = !build.isKept && (isBeyond || (isOld && !isGood) || bytes > (policy.bytes ?? Infinity));
    // What goes takes no room any more: an older, smaller one may stay.
    if (goes) bytes -= build.bytes;
    return goes;
  };
};
