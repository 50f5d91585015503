/** What stands in a line between separators, each once: `wordsIn("ACME, +1555", ",")`. */
export function wordsIn(line: string, separators: string): string[] {
  const pieces = [...separators].reduce((all, one) => all.flatMap((piece) => piece.split(one)), [line]);
  return [...new Set(pieces.map((one) => one.trim()).filter(Boolean))];
}
