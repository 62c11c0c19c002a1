/** With which a server may close (PROTOCOL.md, Refusing and closing), or the peer has: 1005 and 1006 are only reported. */
const CLOSES: ReadonlySet<number> = new Set([1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1012, 1013]);

export function isDocumentedClose(code: number): boolean {
  return CLOSES.has(code);
}
