import { Fault } from './fault.ts';
import { ParseError } from './text/parse-error.ts';

/** The file beside the artifacts that holds their digests. */
export const sumsName = 'SHA256';

const shape = /^[A-Za-z0-9_][A-Za-z0-9._+@=-]{0,199}$/;

/**
 * Why a file cannot be published under this name; undefined when it can: one that every shell, URL and SHA256 line can hold,
 * that does not hide, that no program takes for an option, and that is not the sums' own.
 */
export const whyNoArtifactName = (name: string): string | undefined => {
  if (name === sumsName) return `is "${sumsName}", the name of the file with the digests`;
  if (shape.test(name)) return undefined;
  return `is ${JSON.stringify(name)}, which cannot be the name of a file here: letters, digits and . _ + @ = -, beginning with a letter, a digit or _, at most 200`;
};

/** The name that a template asks for, if a file can be published under it. Throws a ParseError. */
export const artifactNameOf = (asked: number | string): string => {
  const name = String(asked);
  const why = whyNoArtifactName(name);
  if (why !== undefined) throw new ParseError(why);
  return name;
};

/** The name, if a file can be published under it. Throws `template_invalid`. */
export const artifactName = (name: string): string => {
  const why = whyNoArtifactName(name);
  if (why !== undefined) throw new Fault('template_invalid', `The name of an artifact ${why}.`);
  return name;
};
