import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { putFile } from '../put-file.ts';
import type { Outgoing, SendTools } from '../types.ts';
import { registryApi, type RegistryApi } from './api.ts';

/** Where a box goes, and as what. */
export type BoxPlace = {
  /** The API, such as `https://vagrantcloud.com/api/v2`. */
  readonly url: URL;
  readonly token: string;
  readonly user: string;
  readonly box: string;
  readonly version: string;
  readonly description: string;
  /** As Vagrant calls it: `libvirt`, `virtualbox`, `qemu`. */
  readonly provider: string;
  /** As Vagrant calls it: `amd64`. */
  readonly architecture: string;
  /** Whether the version is there for everybody in the end. */
  readonly release: 'released' | 'left as it is';
};

const Anything = z.unknown().transform((given) => given ?? {});
const Version = z.looseObject({ status: z.string().optional() });
const UploadPath = z.looseObject({ upload_path: z.url(), callback: z.url().optional() });

/** The addresses of the API (Vagrant Cloud API v2: boxes, versions, providers and their upload). */
const addressesOf = ({ url, user, box, version, provider, architecture }: BoxPlace) => {
  const base = `${url.href.replace(/\/$/, '')}/box/${user}/${box}`;
  const ofVersion = `${base}/version/${version}`;
  const ofProvider = `${ofVersion}/provider/${provider}/${architecture}`;
  return {
    box: new URL(base),
    versions: new URL(`${base}/versions`),
    version: new URL(ofVersion),
    release: new URL(`${ofVersion}/release`),
    providers: new URL(`${ofVersion}/providers`),
    provider: new URL(ofProvider),
    upload: new URL(`${ofProvider}/upload/direct`),
  };
};

type Addresses = ReturnType<typeof addressesOf>;

const checkBox = async (api: RegistryApi, { box }: Addresses): Promise<void> => {
  await api.get({ method: 'GET', url: box, answer: Anything });
};

/** Makes the version, unless it is there. */
const makeVersion = async (api: RegistryApi, at: Addresses, place: BoxPlace): Promise<'made' | 'there'> => {
  const there = await api.find({ method: 'GET', url: at.version, answer: Version });
  if (there !== undefined) return 'there';
  const body = { version: { version: place.version, description: place.description } };
  await api.get({ method: 'POST', url: at.versions, body, answer: Anything });
  return 'made';
};

const makeProvider = async (api: RegistryApi, at: Addresses, place: BoxPlace, file: Outgoing): Promise<void> => {
  const there = await api.find({ method: 'GET', url: at.provider, answer: Anything });
  const { provider: name, architecture } = place;
  const provider = { name, architecture, checksum: file.sha256, checksum_type: 'sha256' };
  const request = { body: { provider }, answer: Anything } as const;
  if (there === undefined) await api.get({ method: 'POST', url: at.providers, ...request });
  else await api.get({ method: 'PUT', url: at.provider, ...request });
};

/**
 * Sends a box to a registry of Vagrant boxes: makes the version and the provider where they are not there, uploads the box
 * to where the registry says, and releases the version. A version that was made for it goes again where that fails. The
 * box itself must be there. Throws the peer's faults, or the signal's reason.
 */
export const pushBox = async (place: BoxPlace, file: Outgoing, tools: SendTools): Promise<void> => {
  const { peer, log } = tools;
  const api = registryApi(place.url, place.token, tools);
  const at = addressesOf(place);
  await checkBox(api, at);
  const version = await makeVersion(api, at, place);
  try {
    await makeProvider(api, at, place, file);
    const way = await api.get({ method: 'GET', url: at.upload, answer: UploadPath });
    const uploadUrl = new URL(way.upload_path);
    await putFile(uploadUrl, file, undefined, tools);
    if (way.callback !== undefined) await api.get({ method: 'PUT', url: new URL(way.callback), answer: Anything });
    if (place.release === 'released') await api.get({ method: 'PUT', url: at.release, answer: Anything });
  } catch (error) {
    if (version === 'there') throw error;
    using deadline = tools.clock.deadline(
      cleanupMs,
      new AbortController().signal,
      () => new Fault(peer.unavailable, `it did not answer within ${cleanupMs / 1000} s`),
    );
    const cleaning = registryApi(place.url, place.token, { ...tools, signal: deadline.signal });
    await cleaning.find({ method: 'DELETE', url: at.version, answer: Anything }).catch((failure: unknown) => {
      log(`The version ${place.version} of ${place.user}/${place.box} could not be deleted: ${String(failure)}`);
    });
    throw error;
  }
};

const cleanupMs = 10_000;
