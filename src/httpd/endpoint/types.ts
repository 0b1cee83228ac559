import type { FaultCode } from '../../base/fault.ts';
import type { ListenAt } from '../../base/hardware.ts';
import type { SharedListener } from './shared-listener.ts';
import type { Mirror, MirrorSet } from '../mirror/types.ts';

/** What the endpoint gives for one path. Texts are rendered when they are asked for, files are streamed. */
export type EndpointAnswer =
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
  /** The connection went before the reply had ended, and not by the daemon's doing. */
  readonly isCutOff?: true;
  /** Why there was no whole reply, where there was none: for the log, never shown to the guest. */
  readonly error?: string;
};

/** A file of the mirror that a machine asked for and did not get. */
export type RefusedSet = { readonly path: string; readonly code: FaultCode; readonly why: string };

/** The mirror as one machine sees it; each set is told once to the writer of its build's events. */
export type EndpointSets = {
  readonly mirror: Mirror;
  readonly onFetched: (set: MirrorSet) => void;
  readonly onRefused: (refused: RefusedSet) => void;
};

export type EndpointSpec = {
  readonly at: ListenAt;
  /** Where else the guest may come in; only for an endpoint that knows its peer. */
  readonly sharedListener?: SharedListener;
  /** By path without a slash in front. */
  readonly answers: ReadonlyMap<string, EndpointAnswer>;
  /** The guest's own host name: `<mac>-install.conf` and `<hostname>-install.conf` fall back to `install.conf`. */
  readonly hostname: string;
  /** Called once for every request when its reply has ended. */
  readonly onRequest: (request: EndpointRequest) => void;
  /** Called when a connection went with a reply unread or without a request, with what it was, for people. */
  readonly onUnread?: (what: string) => void;
  /** No request is answered before this resolves: the writer of events sets the pace. Never rejects. */
  readonly room?: () => Promise<void>;
  /** What answers below `pub/OpenBSD/` where no answer of the machine's own does. Undefined: this host has no mirror. */
  readonly sets?: EndpointSets;
};

/** The HTTP listener of one machine. Disposing it closes it at once, requests and all. */
export type Endpoint = AsyncDisposable;

export type ServeEndpoint = (spec: EndpointSpec) => Promise<Endpoint>;
