import { maxFieldErrors } from './text/nearest.ts';

/** Something about what a client sent that is no error and may not be what was meant: a place, and what is so there. */
export type Note = { readonly pointer: string; readonly message: string };

/** Collects notes, each once and at most 100. */
export type Notes = {
  readonly add: (pointer: string, message: string) => void;
  readonly all: () => readonly Note[];
};

/** `prefix` is where the document stands in what the client sent. */
export const makeNotes = (prefix: string): Notes => {
  const notes: Note[] = [];
  return {
    add: (pointer, message) => {
      const isKnown = notes.some((note) => note.pointer === prefix + pointer && note.message === message);
      if (!isKnown && notes.length < maxFieldErrors) notes.push({ pointer: prefix + pointer, message });
    },
    all: () => notes,
  };
};
