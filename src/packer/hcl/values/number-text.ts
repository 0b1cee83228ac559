/** A number without an exponent, as HCL writes every number. */
export const numberText = (value: number): string => {
  const text = String(value === 0 ? 0 : value);
  const [, sign = '', whole = '', fraction = '', exponent = ''] = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? [];
  if (exponent === '') return text;
  const shift = Number(exponent);
  return shift > 0
    ? `${sign}${whole}${fraction.padEnd(shift, '0')}`
    : `${sign}0.${'0'.repeat(-shift - whole.length)}${whole}${fraction}`;
};

/** Takes away what binary fractions add: HCL counts with 512 bits, so 0.1 + 0.2 is 0.3. */
export const rounded = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(15)));
