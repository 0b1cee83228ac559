/** One value of a stream. */
export type StreamItem = {
  readonly value: unknown;
  /** Where to go on after it: what a browser sends as `Last-Event-ID`. */
  readonly id: number;
  /** The type of a server-sent event; without one a browser gives it to `onmessage`. */
  readonly name?: string;
};

export type StreamForm = {
  readonly write: (item: StreamItem) => string;
  /** What tells a silent stream from a dead one, and says nothing. */
  readonly heartbeat: string;
};

const ndjson: StreamForm = { write: ({ value }) => `${JSON.stringify(value)}\n`, heartbeat: '\n' };

// HTML standard, 9.2.6: JSON has no line break, so that one `data:` holds it.
const serverSent: StreamForm = {
  write: ({ value, id, name }) =>
    `id: ${id}\n${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(value)}\n\n`,
  heartbeat: ': still here\n\n',
};

/** The forms in which values are sent as they come to be, by media type. */
export const streamForms = { 'application/x-ndjson': ndjson, 'text/event-stream': serverSent } as const;
