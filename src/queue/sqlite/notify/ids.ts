const digits = (number: number, width: number): string => String(number).padStart(width, '0');

/** The id of the delivery of one event to one webhook: there is no other of it. Ids sort by event. */
export const deliveryId = (buildId: string, seq: number, place: number): string =>
  `${buildId}-${digits(seq, 6)}-${digits(place, 2)}`;

/** The id under which a delivery is repeated for the nth time. */
export const repeatedId = (id: string, n: number): string => `${id}-${digits(n, 3)}`;
