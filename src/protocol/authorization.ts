/**
 * The token of `Authorization: Bearer …` (RFC 6750 §2.1), without the blanks around it; undefined for another scheme, whose name has
 * no case (RFC 9110 §11.1).
 */
export function bearerOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const end = header.indexOf(" ");
  const scheme = end === -1 ? header : header.slice(0, end);
  return scheme.toLowerCase() === "bearer" ? header.slice(scheme.length).trim() : undefined;
}
