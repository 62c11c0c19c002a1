/** Bytes as the RFCs write them: `hex("81 85 37fa213d 7f9f4d5158")`; a leading `0x` is allowed, white space is not looked at. */
export function hex(text: string): Buffer {
  const digits = text.replace(/0x|\s/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new TypeError(`not hex: ${text}`);
  return Buffer.from(digits, "hex");
}
