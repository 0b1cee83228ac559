/**
 * A text without these characters at its end, in time in proportion to it: a pattern such as `/\/+$/` looks for its end from
 * each place in a long row of them anew.
 */
export const withoutEnd = (text: string, characters: string): string => {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
};
