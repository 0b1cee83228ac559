import { maskOf } from '../base/mask/mask.ts';
import { shortestSecret } from '../base/mask/secret-words.ts';

/**
 * Makes the function that takes out of a text what lets a reader use a webhook: all of its URL behind the host, as
 * a receiver quotes it in its answer, and its secret.
 */
export const hideUrl = (
  { pathname, search, searchParams }: URL,
  secret: string | undefined,
): ((text: string) => string) =>
  maskOf(
    [`${pathname}${search}`, pathname, ...pathname.split('/'), ...searchParams.values(), secret ?? ''].filter(
      (text) => text.length >= shortestSecret,
    ),
  );
