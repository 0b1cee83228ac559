/**
 * What a template may come to. Judging one costs the event loop time in proportion to these, so each has a bound, far above
 * what a machine needs: the largest of the examples has 14 turns, 30 answers and 2 passwords.
 */
export const bounds = {
  /** Values of all kinds in the document, keys not counted. */
  values: 10_000,
  /** Variables of a template, and values that a request sends; characters of one value. */
  variables: 256,
  variableCharacters: 64 * 1024,
  /** Entries of a list or map as a value, and values to choose from. */
  variableEntries: 1000,
  choices: 100,
  httpEntries: 500,
  /** Paths of a medium that is made of files. */
  mediumEntries: 200,
  /** Questions of a response file, answers to one of them, and lines in all. */
  questions: 200,
  answersToOne: 20,
  responseLines: 500,
  /** Characters of one answer: a public key has some 700. */
  answerCharacters: 4096,
  /** Names in all answers about sets, and characters of one. */
  setNames: 50,
  setNameCharacters: 64,
  /** Lines of a template for disklabel(8) that is served as a text or a file. */
  layoutLines: 100,
  /** Passwords to be hashed, a tenth of a second of a processor each. */
  passwords: 10,
  partitions: 15,
  turns: 500,
  refusedInTurn: 50,
  /** Patterns that may be listened for at one time: those of optional turns that follow each other. */
  patternsAtOnce: 200,
  /** Steps of all different patterns together. */
  patternSteps: 20_000,
  provisioners: 200,
  /** Machines of one template, parts that it names, and templates that one extends, one after the other. */
  machines: 20,
  parts: 50,
  bases: 5,
  scripts: 100,
  inlineLines: 1000,
  environment: 200,
  exitCodes: 256,
  artifacts: 50,
  postProcessors: 20,
  /** Sequences of post-processors, which run side by side. */
  sequences: 8,
  /** What went into a build, as post-processors are told of it. */
  buildInputs: 1000,
  /** Files whose digests are remembered, so that they are not read for each build. */
  keptDigests: 10_000,
  /** Bytes of a guest's list of packages: 100 for each, and Debian has some 65000 to choose from. */
  packageListBytes: 8 * 1024 * 1024,
  /** Pins, longer holds, resumptions and retries of one build: each is an event that stays with it. */
  buildChanges: 200,
  /** Artifacts, after all post-processors. */
  publishedFiles: 200,
  disks: 16,
  /** Builders of a Packer template. */
  packerBuilders: 64,
  nics: 8,
  /** Names, texts and calls within `{{ }}`: of one, and of all in the template. */
  termsInOne: 100,
  terms: 10_000,
  /** Characters that all texts come to when they are filled in. */
  characters: 16 * 1024 * 1024,
  /** Characters that functions are given and make, all in all. */
  functionCharacters: 2 * 1024 * 1024,
  /** Waits for text in one boot command. */
  expects: 200,
  /** Of one boot command, joined, and of all that is pressed and listened for in the template. */
  bootCommandCharacters: 64 * 1024,
  consoleCharacters: 64 * 1024,
  /** Steps of a pattern times characters of the value that it must match. */
  matchWork: 1_000_000,
  /** Sensitive texts, and characters of all of them: each is looked for in several forms in all that a build says. */
  secrets: 1000,
  secretCharacters: 256 * 1024,
  /** Secrets of the host; names in each list of who may use one, and of templates that have. */
  hostSecrets: 1000,
  secretUsers: 100,
  pathCharacters: 1024,
  pathSegments: 64,
  /** URLs of one file, and characters of one. */
  urls: 10,
  urlCharacters: 2048,
  /** Media that clients have uploaded, those on their way and those that are in use though replaced. */
  uploads: 1000,
  /** Browsers that are logged in with one token; the oldest of them has to log in again. */
  sessions: 100,
} as const;

/** What telling others may come to. */
export const webhookBounds = {
  /** Of one template, of one request, and of the configuration. */
  webhooks: 10,
  /** Of one build to one webhook, those that were asked for again included; its end comes besides. */
  deliveries: 200,
  /** Deliveries that wait for one host. */
  waiting: 1000,
  secretCharacters: 256,
  /** Bytes of an answer that are read, and characters that are kept. */
  answerBytes: 64 * 1024,
  answerCharacters: 1024,
} as const;

/** What the serial line of a machine may come to while no daemon reads it. */
export const lineBounds = {
  /** Bytes that are put on file since the last daemon was there. */
  aheadBytes: 64 * 1024 * 1024,
  /** Of the disk, for what QEMU prints, for the events that it tells of, and for what slirp4netns prints: beyond it, the first two begin anew. */
  wordsBytes: 16 * 1024 * 1024,
} as const;

/** What kept layers may come to. */
export const layerBounds = {
  /** JSON of what a build says of its own in a layer, and of its ingredients. */
  factsBytes: 64 * 1024,
  ingredientsBytes: 1024 * 1024,
  files: 64,
  /** Those that are told to explain a miss. */
  nearest: 10,
  /** Templates of which it is known how long starting their guest anew takes. */
  measured: 1000,
  /** Keys of which it is known that no build could go on from what was kept. */
  unusable: 1000,
  /** Bytes of files that are read to tell a client what is kept; those whose digests are remembered cost nearly nothing. */
  previewBytes: 256 * 1024 * 1024,
} as const;

/** What schedules may come to. */
export const scheduleBounds = {
  schedules: 500,
  cronCharacters: 100,
  /** Runs of one that are remembered. */
  runs: 100,
  /** Files of the host that are looked at to find out whether something has changed. */
  files: 10_000,
} as const;

/** What statistics may come to. */
export const statisticsBounds = {
  /** Days that are kept, and that one answer tells of. */
  days: 366,
  /** Templates that are counted apart on one day, and times of one of them. */
  templates: 200,
  rowsOfDay: 2000,
  /** Times of all days; beyond it the oldest days go. */
  rows: 1_000_000,
  /** Steps that one answer tells of. */
  steps: 100,
  /** Builds that the ones that run are compared with, and templates that is remembered of. */
  recentBuilds: 20,
  templatesKnown: 1000,
} as const;

/** What a template in HCL2 may come to: its files, and the work that they ask for. A usual one takes a few thousand steps. */
export const hclBounds = {
  files: 100,
  fileBytes: 256 * 1024,
  /** Of all files together. */
  bytes: 1024 * 1024,
  /** Attributes, blocks, and parts of expressions and templates, of all files. */
  parts: 50_000,
  /** Where so many places are wrong, no more are looked for. */
  wrongPlaces: 1000,
  /** Levels of brackets, blocks and templates in a file, and of expressions that need each other. */
  depth: 64,
  evaluationDepth: 400,
  steps: 250_000,
  /** Of one text that is made, and of all. */
  textCharacters: 1024 * 1024,
  characters: 8 * 1024 * 1024,
  /** Builders, after every build has named its sources. */
  builders: 100,
  /** Blocks that all `dynamic` blocks make. */
  dynamicBlocks: 1000,
} as const;

/** A refinement for zod: a map of at most so many entries. */
export const atMost = (most: number, what: string): [(map: object) => boolean, string] => [
  (map) => Object.keys(map).length <= most,
  `has more than ${most} ${what}`,
];
