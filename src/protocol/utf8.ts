/**
 * How many bytes `text` takes in UTF-8, or `undefined` where it has half a surrogate pair and so has no UTF-8 at all.
 *
 * Counts without encoding, so it costs no memory.
 */
export function utf8Length(text: string): number | undefined {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 3;
    else {
      // Past the end this is NaN, which is no low surrogate either.
      const next = text.charCodeAt(index + 1);
      if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return undefined;
      bytes += 4;
      index += 1;
    }
  }
  return bytes;
}

/**
 * The longest beginning of `text` that is at most `maxBytes` in UTF-8 and ends between two code points.
 *
 * Half a surrogate pair is written as U+FFFD, as an encoder would, so the result is well-formed.
 */
export function cutToUtf8(text: string, maxBytes: number): string {
  let cut = "";
  let bytes = 0;
  for (const character of text) {
    const length = utf8Length(character);
    bytes += length ?? 3;
    if (bytes > maxBytes) return cut;
    cut += length === undefined ? "\ufffd" : character;
  }
  return cut;
}
