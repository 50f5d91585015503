/** What a browser calls itself, cut down to what a person knows it by; as it is where nothing of it is known. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\//, "Firefox"],
  [/Chrome\//, "Chrome"],
  [/Version\/.*Safari\//, "Safari"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

export function browserOf(agent: string): string {
  const known = [BROWSERS, SYSTEMS].map((all) => all.find(([pattern]) => pattern.test(agent))?.[1]);
  return known.filter(Boolean).join(", ") || agent.slice(0, 80);
}
