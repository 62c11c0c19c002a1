const unfinished = /\b(TODO|FIXME|XXX)\b|[Nn]ot implemented/;
const chosen = /\b(it|test|describe|suite)(\.\w+)*\.only\b/;

/** Lines that promise work for later, or that leave the other tests out. */
export function findLooseWords(path: string, text: string): string[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const word = (line.match(unfinished) ?? line.match(chosen))?.[0];
    return word ? [`${path}:${index + 1}: ${line.trim()} — ${word}`] : [];
  });
}
