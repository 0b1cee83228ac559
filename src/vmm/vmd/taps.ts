/** What `ifconfig tap` prints (ifconfig(8)): how a machine's host address is found. */

export type Tap = {
  /** "tap0"; the number has nothing to do with the machine, and may change when its guest resets. */
  readonly interface: string;
  readonly vmId: number;
  readonly nic: number;
  readonly name: string;
  /** Undefined until vmd has configured the interface, which it does after it has answered `start`. */
  readonly host?: string;
};

/**
 * Whether vmd gives this address to the host's end of that interface (priv.c, `vm_priv_addr`). An interface that was made
 * by hostname.if(5) outlives its machines, and keeps the addresses of all of them.
 */
const isHostEnd = (address: string, vmId: number, nic: number): boolean =>
  address.endsWith(`.${vmId % 256}.${(nic + 1) * 2}`);

/** The interfaces whose description is vmd's: `vm<id>-if<n>-<name>`, cut to 63 characters (vmd(8), priv.c). */
export const tapsIn = (listing: string): readonly Tap[] =>
  listing.split(/^(?=\S)/m).flatMap((block) => {
    const name = /^([a-z]+\d+): flags=/.exec(block)?.[1];
    const [, vmId, nic, vm] = /^\s+description: vm(\d+)-if(\d+)-(\S+)\s*$/m.exec(block) ?? [];
    if (name === undefined || vmId === undefined || nic === undefined || vm === undefined) return [];
    const tap = { interface: name, vmId: Number(vmId), nic: Number(nic), name: vm };
    const host = [...block.matchAll(/^\s+inet (\d+\.\d+\.\d+\.\d+)\b/gm)]
      .flatMap(([, address]) => address ?? [])
      .find((address) => isHostEnd(address, tap.vmId, tap.nic));
    return [{ ...tap, ...(host === undefined ? {} : { host }) }];
  });

/** The guest's address beside its host's: the other one of their /31 (vmd(8), local interfaces). */
export const guestBeside = (host: string): string => host.replace(/\d+$/, (last) => String(Number(last) + 1));
