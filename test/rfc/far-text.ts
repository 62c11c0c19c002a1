/** A text that a window of 2^15 bytes finds again behind itself, and no smaller one does: there is no rhyme in it but that. */
export function far32k(): string {
  let seed = 1;
  const once = Array.from({ length: 31_000 }, () => {
    seed = (seed * 48_271) % 2_147_483_647; // Lehmer's generator
    return String.fromCharCode(33 + (seed % 90));
  }).join("");
  return once + once;
}
