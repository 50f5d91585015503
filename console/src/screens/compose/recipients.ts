/** Numbers out of what somebody pasted: lines, commas, semicolons, a column of a table; each once. */

const BETWEEN = /[\n\r,;\t]+/;
const NUMBER = /^\+?[\d\s().\-/]{3,24}$/;

export function recipientsOf(pasted: string): { numbers: string[]; odd: string[] } {
  const numbers = new Set<string>();
  const odd: string[] = [];
  for (const piece of pasted.split(BETWEEN)) {
    const word = piece.trim().replace(/^["']|["']$/g, "");
    if (!word) continue;
    if (NUMBER.test(word)) numbers.add(word.replace(/[\s().\-/]/g, ""));
    else odd.push(word);
  }
  return { numbers: [...numbers], odd };
}
