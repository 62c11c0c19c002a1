/** The rows of the list of patterns that work today, each shown by a test through a real socket whose name begins with it. */
export const builtPatterns: readonly string[] = [
  "P1",
  "P2",
  "P3",
  "P4",
  "P5",
  "P6",
  "P7",
  "P9",
  "P11",
  "P13",
  "P18",
  "P19",
  "P22",
  "P24",
  "P28",
];
