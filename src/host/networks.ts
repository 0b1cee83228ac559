/** Where vmd puts machines with a local interface, unless vm.conf says `local prefix` (vm.conf(5)). */
export const guestNetwork = '100.64.0.0/10';

const numberOf = (address: string): number | undefined => {
  const parts = address.split('.').map(Number);
  return parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255)
    ? parts.reduce((sum, part) => sum * 256 + part, 0)
    : undefined;
};

const rangeOf = (text: string): readonly [number, number] | undefined => {
  const [address = '', bits = '32'] = text.split('/');
  const number = numberOf(address);
  if (number === undefined || !/^\d+$/.test(bits) || Number(bits) > 32) return undefined;
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(number / size) * size;
  return [first, first + size - 1];
};

/** Whether all addresses of the second network (or address) are in the first; false for what is neither. */
export const contains = (network: string, other: string): boolean => {
  const [outer, inner] = [rangeOf(network), rangeOf(other)];
  return outer !== undefined && inner !== undefined && inner[0] >= outer[0] && inner[1] <= outer[1];
};
