import { isErrno } from './errno.ts';
import type { FaultRecord } from './records/fault-record.ts';

/** Who caused it. Only `infra` is tried again by itself. */
export type FaultClass = 'template' | 'guest' | 'infra' | 'capacity' | 'timeout' | 'cancelled' | 'internal';

type Row = {
  readonly class: FaultClass;
  /** What an HTTP client is told when the fault ends its request (RFC 9110). */
  readonly status: number;
  readonly title: string;
};

/** Everything that can go wrong, one row each. `GET /problems` and the documentation are printed from it. */
export const faults = {
  bad_request: { class: 'template', status: 400, title: 'The request cannot be understood' },
  invalid_input: { class: 'template', status: 400, title: 'The request has fields that are wrong' },
  unauthorized: { class: 'template', status: 401, title: 'A valid bearer token is needed' },
  foreign_request: { class: 'template', status: 403, title: 'The request was made by another page than ours' },
  forbidden: { class: 'template', status: 403, title: 'The token lacks the scope for this' },
  not_found: { class: 'template', status: 404, title: 'There is no such thing' },
  method_not_allowed: { class: 'template', status: 405, title: 'This address does not take that method' },
  not_acceptable: { class: 'template', status: 406, title: 'None of the accepted types can be given' },
  build_active: { class: 'template', status: 409, title: 'The build has not ended yet' },
  build_not_held: { class: 'template', status: 409, title: 'The build is not held' },
  step_not_resumable: { class: 'template', status: 409, title: 'The step cannot be run again in a held machine' },
  inputs_changed: { class: 'template', status: 409, title: 'What the build began with has changed or gone' },
  changes_exhausted: { class: 'template', status: 409, title: 'The build was changed as often as it may be' },
  build_not_paused: { class: 'template', status: 409, title: 'The build is not at a breakpoint' },
  build_pinned: { class: 'template', status: 409, title: 'The build is pinned' },
  pins_exhausted: { class: 'template', status: 409, title: 'As many builds are pinned as this host allows' },
  delivery_pending: { class: 'template', status: 409, title: 'The delivery is still under way' },
  deliveries_full: { class: 'template', status: 409, title: 'The build has had as many deliveries as it may' },
  base_in_use: { class: 'template', status: 409, title: 'A running build is made of this' },
  layer_in_use: { class: 'template', status: 409, title: 'A build or another layer needs this layer' },
  nothing_kept: { class: 'template', status: 409, title: 'Nothing is kept that the build could go on from' },
  medium_exists: { class: 'template', status: 409, title: 'The configuration has a medium of that name' },
  console_not_lendable: { class: 'template', status: 409, title: 'The console of this machine cannot be detached' },
  build_unsuccessful: { class: 'template', status: 409, title: 'The build failed or was cancelled' },
  run_unsuccessful: { class: 'template', status: 409, title: 'Not all builds of the run succeeded' },
  precondition_failed: { class: 'template', status: 412, title: 'The thing has changed since it was read' },
  request_timeout: { class: 'template', status: 408, title: 'The request did not arrive whole in time' },
  too_large: { class: 'template', status: 413, title: 'The body is larger than this host takes' },
  unsupported_media_type: { class: 'template', status: 415, title: 'The body has a type that is not taken here' },
  range_not_satisfiable: { class: 'template', status: 416, title: 'The range lies outside the file' },
  upgrade_required: { class: 'template', status: 426, title: 'This address is for WebSockets' },
  headers_too_large: { class: 'template', status: 431, title: 'The address or the headers are too long' },
  context_invalid: { class: 'template', status: 422, title: 'The context archive cannot be used' },
  template_invalid: { class: 'template', status: 422, title: 'The template cannot be built as it stands' },
  base_unusable: { class: 'template', status: 422, title: 'An image that the template names cannot be used' },
  idempotency_mismatch: { class: 'template', status: 422, title: 'The idempotency key was used with another body' },
  never_fits: { class: 'capacity', status: 422, title: 'The build asks for more than this host has' },
  configuration_invalid: { class: 'template', status: 500, title: 'The configuration cannot be used' },
  queue_full: { class: 'infra', status: 503, title: 'The queue takes no more builds for now' },
  templates_full: { class: 'capacity', status: 507, title: 'The host keeps no more templates' },
  secrets_full: { class: 'capacity', status: 507, title: 'The host keeps no more secrets' },
  schedules_full: { class: 'capacity', status: 507, title: 'The host keeps no more schedules' },
  draining: { class: 'infra', status: 503, title: 'The daemon is stopping' },
  store_unavailable: { class: 'infra', status: 503, title: 'The store cannot be used' },
  storage_full: { class: 'infra', status: 507, title: 'The disk of the host is full' },
  host_exhausted: { class: 'infra', status: 503, title: 'The host has no files, processes or memory left to give' },
  folder_unusable: { class: 'infra', status: 503, title: 'A folder of imaged is gone or cannot be used' },
  too_many_connections: { class: 'capacity', status: 503, title: 'The API has no room for another connection' },
  too_many_logins: { class: 'capacity', status: 429, title: 'Too many tries to log in came from one address' },
  too_many_waiting: { class: 'capacity', status: 429, title: 'The token has too many requests that wait or follow' },

  program_missing: { class: 'infra', status: 500, title: 'A program that imaged needs is not installed' },
  program_failed: { class: 'infra', status: 500, title: 'A program that imaged ran has failed' },
  hypervisor_failed: { class: 'infra', status: 500, title: 'The hypervisor could not start the machine' },
  hypervisor_unavailable: { class: 'infra', status: 503, title: 'The hypervisor cannot be reached' },
  endpoint_failed: { class: 'infra', status: 500, title: "The machine's endpoint could not listen" },
  mirror_unavailable: { class: 'infra', status: 503, title: 'The mirror of OpenBSD sets cannot be reached' },
  mirror_damaged: { class: 'infra', status: 502, title: 'What the mirror has is not what is signed' },
  mirror_refused: { class: 'guest', status: 404, title: 'The mirror has no signed file of that name' },
  fetch_failed: { class: 'infra', status: 502, title: 'A file that the template names could not be fetched' },
  fetch_refused: { class: 'template', status: 422, title: 'A file that the template names is not to be had' },
  destination_unavailable: { class: 'infra', status: 502, title: 'Where something is sent to did not take it' },
  destination_refused: { class: 'template', status: 422, title: 'Nothing may be sent to that place' },
  digest_mismatch: { class: 'template', status: 422, title: 'A file is not the one that its digest names' },
  disk_failed: { class: 'infra', status: 500, title: 'A disk image could not be made or read' },
  layer_missing: { class: 'infra', status: 500, title: 'The layer beneath is not kept any more' },
  layer_unusable: { class: 'infra', status: 500, title: 'No build could go on from a kept machine' },
  machine_crashed: { class: 'infra', status: 500, title: 'The machine went away by itself' },
  machine_stopped: { class: 'infra', status: 500, title: 'The machine was stopped from outside' },
  daemon_crashed: { class: 'internal', status: 500, title: 'The daemon died whenever this build ran' },
  not_taken_up: { class: 'infra', status: 500, title: 'A restarted daemon could not go on with the build' },
  lease_lost: { class: 'infra', status: 500, title: 'The worker lost its claim on the build' },

  console_silent: { class: 'guest', status: 500, title: 'Awaited text did not come on the console' },
  console_refused: { class: 'guest', status: 500, title: 'The console showed text that ends the build' },
  console_deaf: { class: 'guest', status: 500, title: 'The guest did not echo what was typed' },
  console_lent: { class: 'infra', status: 409, title: 'An operator is attached to the console of the machine' },
  console_raced: { class: 'infra', status: 500, title: 'The guest went on by itself while it was typed to' },
  console_closed: { class: 'infra', status: 500, title: 'The serial line closed while it was needed' },
  guest_panicked: { class: 'guest', status: 500, title: 'The kernel of the guest panicked' },
  guest_halted: { class: 'guest', status: 500, title: 'The guest powered off before it was due' },
  guest_rebooted: { class: 'guest', status: 500, title: 'The guest rebooted before it was due' },
  guest_reboot_loop: { class: 'guest', status: 500, title: 'The guest reboots again and again' },
  guest_floods: { class: 'guest', status: 500, title: 'The guest wrote far more than a build may keep' },
  guest_still_running: { class: 'guest', status: 500, title: 'The guest did not power off when it was due' },
  ssh_unreachable: { class: 'guest', status: 500, title: 'The guest could not be reached by ssh' },
  ssh_denied: { class: 'guest', status: 500, title: 'The guest did not let the build log in' },
  ssh_broken: { class: 'guest', status: 500, title: 'The ssh connection broke' },
  host_key_changed: { class: 'guest', status: 500, title: 'The guest showed another host key than before' },
  provisioner_failed: { class: 'guest', status: 500, title: 'A provisioner failed' },
  seal_failed: {
    class: 'guest',
    status: 500,
    title: 'What the build put into the guest for itself could not be removed',
  },

  step_timeout: { class: 'timeout', status: 500, title: 'A step took longer than it may' },
  build_timeout: { class: 'timeout', status: 500, title: 'The build took longer than it may' },
  cancelled: { class: 'cancelled', status: 409, title: 'The build was cancelled' },
  internal: { class: 'internal', status: 500, title: 'imaged itself has a defect' },
} as const satisfies Record<string, Row>;

export type FaultCode = keyof typeof faults;

/**
 * One place in what a client sent that is wrong: an RFC 6901 pointer, and what to do about it. `line` and `column` of the
 * document's text, both from 1 and in code points, are added where the document is at hand; `file` names that document where the
 * pointer does not, as of a variable that a file declares and the request gives no value.
 */
export type FieldError = {
  readonly pointer: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
};

/** Where in a file of the context that is. */
export type FieldPlace = Required<Pick<FieldError, 'file' | 'line' | 'column'>>;

/** What is known about a fault, in JSON; `expected` and `saw` are for people, `errors` for bad input. */
export type FaultFacts = {
  readonly expected?: string;
  readonly saw?: string;
  readonly consoleTail?: string;
  /** What the machine's display showed; or what a terminal would show of the console, where that is something else. */
  readonly screen?: string;
  readonly stderr?: string;
  readonly exitCode?: number;
  readonly errors?: readonly FieldError[];
  readonly step?: string;
  readonly [fact: string]: unknown;
};

/** An error that the program expects and can explain. Any other error is `internal`. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly facts: FaultFacts;

  constructor(code: FaultCode, message: string, facts: FaultFacts = {}, options: ErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.facts = facts;
  }
}

const exhausted = ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'ERR_WORKER_INIT_FAILED', 'ERR_WORKER_OUT_OF_MEMORY'];

// EAGAIN also says that a socket has nothing to read; of a process that is to be started it says that there are too many.
const isExhausted = (error: Error): boolean =>
  isErrno(error, ...exhausted) ||
  (isErrno(error, 'EAGAIN') && 'syscall' in error && String(error.syscall).startsWith('spawn'));

/** A program, a thread or a file that could not be had because this process or its host has too many. */
export const hostExhausted = (what: string, cause: unknown): Fault =>
  new Fault(
    'host_exhausted',
    `${what}. imaged or its host has as many open files, processes or as much memory as it may: raise the limits of its user, or set fewer workers.`,
    {},
    { cause },
  );

/**
 * Any error as a Fault: a full disk and a host that has nothing left are known by their errno (or SQLite's code) wherever
 * it happens, the rest is `internal`.
 */
export const asFault = (error: unknown): Fault => {
  if (error instanceof Fault) return error;
  if (error instanceof Error && isExhausted(error)) return hostExhausted(error.message, error);
  if (error instanceof Error && isErrno(error, 'ENOSPC', 'EDQUOT', 'SQLITE_FULL'))
    return new Fault(
      'storage_full',
      `The disk is full: ${error.message}. Free some space, then try again.`,
      {},
      { cause: error },
    );
  return new Fault('internal', error instanceof Error ? error.message : String(error), {}, { cause: error });
};

/** The same fault, knowing the step in which it happened. */
export const inStep = (fault: Fault, step: string): Fault =>
  new Fault(fault.code, fault.message, { ...fault.facts, step }, { cause: fault.cause });

/** The fault as it is kept and shown. */
export const recordOf = (fault: Fault): FaultRecord => {
  const { expected, saw, consoleTail, screen, step, ...facts } = fault.facts;
  const row = faults[fault.code];
  return {
    code: fault.code,
    class: row.class,
    title: row.title,
    message: fault.message,
    ...(step === undefined ? {} : { step }),
    ...(expected === undefined ? {} : { expected }),
    ...(saw === undefined ? {} : { saw }),
    ...(consoleTail === undefined ? {} : { console_tail: consoleTail }),
    ...(screen === undefined ? {} : { screen }),
    ...(Object.keys(facts).length === 0 ? {} : { facts }),
    retryable: row.class === 'infra',
  };
};

/** The fault that was kept so. */
export const faultOf = (record: FaultRecord): Fault => {
  const { code, message, step, expected, saw, console_tail: consoleTail, screen, facts } = record;
  return new Fault(code, message, {
    ...facts,
    ...(step === undefined ? {} : { step }),
    ...(expected === undefined ? {} : { expected }),
    ...(saw === undefined ? {} : { saw }),
    ...(consoleTail === undefined ? {} : { consoleTail }),
    ...(screen === undefined ? {} : { screen }),
  });
};
