export type BytesForm = "hex" | "base64";

/** Bytes that somebody wrote as hex digits, with blanks where they like, or as base64 of either alphabet. Undefined where it is neither. */
export function parseBytes(text: string, form: BytesForm): Uint8Array<ArrayBuffer> | undefined {
  const tight = text.replace(/\s/g, "");
  if (form === "base64") return parseBase64(tight);
  if (!/^([0-9a-f]{2})*$/i.test(tight)) return undefined;
  return Uint8Array.from(tight.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Like `00 ff 10`. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

function parseBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) =>
      character.charCodeAt(0),
    );
  } catch {
    return undefined;
  }
}
