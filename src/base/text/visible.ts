// What a terminal obeys, and what makes a text read other than it is: the controls of ECMA-48 (C0, DEL, C1), the marks
// that turn the direction of writing (Unicode, UAX 9), the two line ends of Unicode's own, and halves of a character.
const always = String.raw`\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\p{Cs}`;
const controls = new RegExp(String.raw`[\u0000-\u0008\u000b-\u001f${always}]`, 'gu');
const beyondJson = new RegExp(`[${always}]`, 'gu');

const named = (character: string): string =>
  `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`;

/** A text that is safe to print on a terminal: control characters are named, as `<U+009B>`. Tabs and newlines stay. */
export const visible = (text: string): string => text.replace(controls, named);

// Besides what takes no room and what no writing needs; the joiners (U+200C, U+200D) are letters' own. To a browser a
// carriage return is a space.
const onPage = new RegExp(String.raw`[\u0000-\u0008\u000b\u000c\u000e-\u001f${always}\u200b\u2060-\u2064\ufeff]`, 'gu');

/** The same for a text on a page, on which what takes no room makes two names look the same. */
export const visibleOnPage = (text: string): string => text.replace(onPage, named);

/** The same for a text that is sent as JSON, which escapes C0 by itself. */
export const visibleInJson = (text: string): string => text.replace(beyondJson, named);
