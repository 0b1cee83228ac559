import { HclError } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { PlainValue } from '../values/plain.ts';

/** `only` and `except` of a provisioner or a post-processor, as they came. */
type Choice = { readonly at: At; readonly only: PlainValue | undefined; readonly except: PlainValue | undefined };

const namesOf = (value: PlainValue | undefined, at: At, key: string): readonly string[] => {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((one): one is string => typeof one === 'string')) return value;
  throw new HclError(at, `${key} is a list of names, each as in "qemu.name"`);
};

/** Whether it is for the source of that reference, `type.name`. Throws an HclError. */
export const isFor = ({ at, only, except }: Choice, reference: string): boolean => {
  const [those, notThose] = [namesOf(only, at, 'only'), namesOf(except, at, 'except')];
  if (those.length > 0 && notThose.length > 0) throw new HclError(at, 'has only and except: one of them may be given');
  return those.length > 0 ? those.includes(reference) : !notThose.includes(reference);
};
