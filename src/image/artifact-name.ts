import { Fault } from '../base/fault.ts';

/** The file beside the artifacts that holds their digests. */
export const sumsName = 'SHA256';

/**
 * The name, if a file can be published under it: one that every shell, URL and SHA256 line can hold, that does not hide,
 * and that is not the sums' own. Throws `template_invalid`.
 */
export const artifactName = (name: string): string => {
  if (/^[A-Za-z0-9_][A-Za-z0-9._+@=-]{0,199}$/.test(name) && name !== sumsName) return name;
  throw new Fault(
    'template_invalid',
    `An artifact cannot be called ${JSON.stringify(name)}: letters, digits and . _ + @ = - may be used, at most 200.`,
  );
};
