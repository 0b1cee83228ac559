import type { components, paths } from './contract.ts';

type Schemas = components['schemas'];

export type Problem = Schemas['Problem'];
export type FieldError = NonNullable<Problem['errors']>[number];
export type BuildFault = Schemas['BuildFault'];
export type Plan = Schemas['Plan'];
export type PlannedStep = Plan['plan'][number];
export type Artifact = Schemas['Artifact'];
export type Event = Schemas['Event'];
export type Template = Schemas['Template'];
export type TextPiece = Schemas['TextPiece'];

/** How far a running build is: step of steps, a fraction from 0 to 1, and the seconds that are left as far as is known. */
export type Progress = {
  readonly step?: number;
  readonly steps?: number;
  readonly fraction?: number;
  readonly eta_seconds?: number | null;
};

/** A build. A daemon that does not tell progress leaves it out. */
export type Build = Schemas['Build'] & { readonly progress?: Progress };

export type Method = 'get' | 'put' | 'post' | 'delete';

type Call = { readonly parameters: object; readonly responses: object };

/** The paths that a method is for. */
export type PathFor<M extends Method> = {
  [P in keyof paths]: paths[P] extends Readonly<Record<M, Call>> ? P : never;
}[keyof paths];

type CallOf<M extends Method, P extends keyof paths> = paths[P] extends Readonly<Record<M, infer C>> ? C : never;

type JsonIn<Reply> = Reply extends { content: { 'application/json': infer Body } } ? Body : never;

/** What a call answers in JSON when it succeeds. */
export type Answer<M extends Method, P extends keyof paths> =
  CallOf<M, P> extends { responses: infer Replies } ? { [Code in keyof Replies]: JsonIn<Replies[Code]> }[keyof Replies] : never; // prettier-ignore

type WithPath<C> = C extends { parameters: { path: infer Names } } ? { readonly path: Names } : object;

type WithQuery<C> = C extends { parameters: { query?: infer Query } }
  ? { readonly query?: { readonly [K in keyof Query]?: Query[K] | undefined } }
  : object;

type WithJson<C> = C extends { requestBody?: { content: { 'application/json': infer Body } } }
  ? { readonly json?: Body }
  : object;

/** What a call takes. */
export type Asked<M extends Method, P extends keyof paths> = WithPath<CallOf<M, P>> &
  WithQuery<CallOf<M, P>> &
  WithJson<CallOf<M, P>>;
