/** The head of a request, as people paste it. */

/** From lines `name: value`, with or without the `-H '…'` of curl, or from a JSON object; other lines are left out. */
export function headersIn(text: string): Record<string, string> {
  if (text.trimStart().startsWith("{")) {
    try {
      const told: unknown = JSON.parse(text);
      return Object.fromEntries(Object.entries(told as object).map(([name, value]) => [name, String(value)]));
    } catch {
      return {};
    }
  }
  const found: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const match = /^\s*(?:-H\s+)?["']?([!#$%&'*+.^_`|~\w-]+):\s*(.*?)["']?,?\s*\\?\s*$/.exec(line);
    if (match) found[match[1] as string] = match[2] as string;
  }
  return found;
}
