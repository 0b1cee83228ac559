/** What a label may be called. */
export const labelName = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,62}[A-Za-z0-9])?$/;
export const labelNameRule = '1 to 64 letters, digits and . _ - / between them';

/** The name and the value in `team=infra`; undefined where no label can be called so. */
export const labelOf = (text: string): readonly [name: string, value: string] | undefined => {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(at, 0));
  return labelName.test(name) ? [name, text.slice(at + 1)] : undefined;
};
