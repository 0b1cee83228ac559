import type { ListenAt } from '../hardware.ts';
import type { Door } from './door.ts';

/** What the endpoint gives for one path. Texts are rendered when they are asked for, files are streamed. */
export type Answer =
  | { readonly kind: 'text'; readonly type?: string; readonly render: () => string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'folder'; readonly path: string };

export type EndpointRequest = {
  readonly method: string;
  /** As it was asked, with its query. */
  readonly url: string;
  readonly status: number;
  readonly bytes: number;
  readonly ms: number;
  readonly from: string;
  readonly userAgent?: string;
  /** Why there was no whole reply, where there was none: for the log, never shown to the guest. */
  readonly error?: string;
};

export type EndpointSpec = {
  readonly at: ListenAt;
  /** Where else the guest may come in; only for an endpoint that knows its peer. */
  readonly door?: Door;
  /** By path without a slash in front. */
  readonly answers: ReadonlyMap<string, Answer>;
  /** The guest's own host name: `<mac>-install.conf` and `<hostname>-install.conf` fall back to `install.conf`. */
  readonly hostname: string;
  /** Called once for every request when its reply has ended. */
  readonly onRequest: (request: EndpointRequest) => void;
};

/** The HTTP listener of one machine. Disposing it closes it at once, requests and all. */
export type Endpoint = AsyncDisposable;

export type ServeEndpoint = (spec: EndpointSpec) => Promise<Endpoint>;
