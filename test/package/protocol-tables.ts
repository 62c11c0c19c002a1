/** The cells of the first column of the table under a heading of PROTOCOL.md, without what stands in parentheses. */
export function readFirstColumn(markdown: string, heading: string): string[] {
  const section = markdown.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`PROTOCOL.md has no section "${heading}".`);
  // Two lines of head, then a row a line, up to the first line that is no row.
  const table = section.match(/^\|.*\n\|[-:| ]+\n((?:\|.*(?:\n|$))+)/m)?.[1];
  if (table === undefined) throw new Error(`The section "${heading}" of PROTOCOL.md has no table.`);
  return table
    .trimEnd()
    .split("\n")
    .map((row) => (row.split("|")[1] ?? "").replace(/\([^)]*\)/g, "").trim());
}

/** The words in backticks, as in "`forbidden` `origin_not_allowed`, an app's own code". */
export function readWords(cells: readonly string[]): string[] {
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word ?? ""));
}

/** What the table of limits says in fewer words than the code, or not as a name. */
const limitsInCode: Readonly<Record<string, readonly string[]>> = {
  close: ["close", "refusalClose"],
  waiting: ["waitingMessages", "waitingBytes"],
  PerUser: ["connectionsPerUser"],
  PerAddress: ["connectionsPerAddress"],
  "a param": ["param"],
  "a channel name": ["channelName"],
  "a token": ["token"],
};

/** The limits by the names they have in code: those of a row stand between commas and slashes. */
export function readLimits(cells: readonly string[]): string[] {
  const names = cells.flatMap((cell) => cell.split(/[,/]/)).map((name) => name.replaceAll("`", "").trim());
  return names.flatMap((name) => limitsInCode[name] ?? [name]);
}

/** The words that only one side has. */
export function compareWords(documented: readonly string[], source: string, inCode: readonly string[]): string[] {
  return [
    ...documented.filter((word) => !inCode.includes(word)).map((word) => `${word} — in PROTOCOL.md, not in ${source}`),
    ...inCode.filter((word) => !documented.includes(word)).map((word) => `${word} — in ${source}, not in PROTOCOL.md`),
  ];
}
