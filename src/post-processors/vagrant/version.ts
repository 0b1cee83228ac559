import { ParseError } from '../../base/text/parse-error.ts';
import { quoted } from '../../base/text/nearest.ts';

/** What RubyGems takes for a version (`Gem::Version::VERSION_PATTERN`), by which Vagrant reads those of boxes, with a bound. */
const shape = /^[0-9]+(\.[0-9a-zA-Z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;
const maxCharacters = 64;

/** The version that a template gives its box. Throws a ParseError. */
export const boxVersionOf = (asked: number | string): string => {
  const version = String(asked);
  if (version.length <= maxCharacters && shape.test(version)) return version;
  throw new ParseError(
    `is ${quoted(version)}, which Vagrant takes for no version: numbers with dots between, such as "1.2.0" or "20260131.0.1", at most ${maxCharacters} characters`,
  );
};

/** The version of a box whose template says none: day and time of its build, so that a later one is newer. */
export const versionAt = (createdAt: number): string => {
  const digits = new Date(createdAt).toISOString().replace(/\D/g, '');
  return `${digits.slice(0, 8)}.${Number(digits.slice(8, 14))}.0`;
};
