/** Names in a FAT folder (Microsoft, "FAT: General Overview of On-Disk Format", 1.03: "FAT Long Directory Entries"). */

const plainName = /^[A-Z0-9_$%'@~`!(){}^#&-]{1,8}(\.[A-Z0-9_$%'@~`!(){}^#&-]{1,3})?$/;

/** The eleven bytes of a name of the old form. */
const inEleven = (base: string, extension: string): Buffer =>
  Buffer.from(base.padEnd(8).slice(0, 8) + extension.padEnd(3).slice(0, 3), 'latin1');

/** The short names of a folder's entries, each its own: as they are where they fit, else with a number. */
export const shortNames = (names: readonly string[]): ReadonlyMap<string, Buffer> => {
  const own = new Map<string, Buffer>();
  const taken = new Set<string>();
  const take = (name: string, short: Buffer) => {
    own.set(name, short);
    taken.add(short.toString('latin1'));
  };
  for (const name of names.filter((name) => plainName.test(name))) {
    const [base = '', extension = ''] = name.split('.');
    take(name, inEleven(base, extension));
  }
  for (const name of names) {
    if (own.has(name)) continue;
    const dot = name.lastIndexOf('.');
    const clean = (text: string) => text.toUpperCase().replace(/[^A-Z0-9_]/g, '');
    const base = clean(dot > 0 ? name.slice(0, dot) : name) || '_';
    const extension = dot > 0 ? clean(name.slice(dot + 1)) : '';
    for (let number = 1; !own.has(name); number++) {
      const tail = `~${number}`;
      const short = inEleven(base.slice(0, 8 - tail.length) + tail, extension);
      if (!taken.has(short.toString('latin1'))) take(name, short);
    }
  }
  return own;
};

const charactersInSlot = 13;
/** Where the characters of a long entry stand. */
const places = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

const checksumOf = (short: Buffer): number =>
  short.reduce((sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 255, 0);

/** The entries that hold a long name, in the order in which they stand before the entry of its short one. */
export const longEntries = (name: string, short: Buffer): readonly Buffer[] => {
  if (plainName.test(name)) return [];
  const count = Math.ceil(name.length / charactersInSlot);
  return Array.from({ length: count }, (_, at) => {
    const slot = count - at;
    const entry = Buffer.alloc(32);
    entry[0] = slot | (at === 0 ? 0x40 : 0);
    entry[11] = 0x0f;
    entry[13] = checksumOf(short);
    for (const [index, place] of places.entries()) {
      const character = (slot - 1) * charactersInSlot + index;
      const code = character < name.length ? name.charCodeAt(character) : character === name.length ? 0 : 0xffff;
      entry.writeUInt16LE(code, place);
    }
    return entry;
  });
};
