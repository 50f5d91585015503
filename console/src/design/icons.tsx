/** The icons, drawn on a grid of 20: strokes in the colour of the text around them. */
const PATHS = {
  list: "M7 5h10M7 10h10M7 15h10M3 5h.01M3 10h.01M3 15h.01",
  pen: "M4 16l1-4 8.5-8.5a2.1 2.1 0 0 1 3 3L8 15l-4 1zM11.5 5.5l3 3",
  inbox: "M3 11l2.5-7h9L17 11v5H3v-5zM3 11h4l1.5 2.5h3L13 11h4",
  phone: "M6 2.5h8v15H6zM9 15h2",
  code: "M7 6l-4 4 4 4M13 6l4 4-4 4M11.5 4l-3 12",
  keyword: "M4 4h12v9H9l-4 3.5V13H4zM7 7.5h6M7 10h4",
  key: "M8 12a3.5 3.5 0 1 1 2.4-2.4L17 16v1.5h-3v-2h-2v-2L9.5 11.5M7 8h.01",
  hook: "M10 7a2.5 2.5 0 1 1 1.8 0l2.7 5M8.8 6.8L6 12a2.5 2.5 0 1 0 2.5 2.5H14a2.5 2.5 0 1 0 .5-2.5",
  tower: "M10 9v8.5M7 17.5h6M10 7.5h.01M6.5 11a5 5 0 0 1 0-7M13.5 4a5 5 0 0 1 0 7M4 13a8.5 8.5 0 0 1 0-11M16 2a8.5 8.5 0 0 1 0 11",
  plug: "M7 2.5v4M13 2.5v4M5 6.5h10v2.5a5 5 0 0 1-10 0zM10 14v3.5",
  pulse: "M2 10.5h4L8 5l4 10.5 2.2-5H18",
  unmatched: "M4 3.5h8l4 4v3M12 3.5v4h4M4 3.5v13h6M13 13l4 4M17 13l-4 4",
  gauge: "M3.5 15a7.5 7.5 0 1 1 13 0M10 12l3-4M10 12.010h.01",
  lost: "M10 3l7.5 13.5h-15zM10 8v4M10 14.2h.01",
  again: "M4 10a6 6 0 0 1 10.5-4L16 8M16 4v4h-4M16 10a6 6 0 0 1-10.5 4L4 12M4 16v-4h4",
  people: "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 16.5c0-3 2-5 5-5s5 2 5 5M13 9.5a2.5 2.5 0 1 0-1-4.8M14.5 11.8c2 .6 3 2.4 3 4.7",
  gear: "M10 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM10 2.5v2M10 15.5v2M2.5 10h2M15.5 10h2M4.7 4.7l1.4 1.4M13.9 13.9l1.4 1.4M15.3 4.7l-1.4 1.4M6.1 13.9l-1.4 1.4",
  search: "M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM13 13l4 4",
  copy: "M7 7h9.5v9.5H7zM4.5 13H3.5V3.5H13v1",
  link: "M8.5 11.5l3-3M9 6.5l2-2a3.2 3.2 0 0 1 4.5 4.5l-2 2M11 13.5l-2 2A3.2 3.2 0 0 1 4.5 11l2-2",
  check: "M4 10.5l4 4 8-9",
  checks: "M1.5 10.5l4 4 7-9M9 14l.5.5 9-9",
  cross: "M5 5l10 10M15 5L5 15",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  down: "M5 7.5l5 5 5-5",
  right: "M7.5 5l5 5-5 5",
  left: "M12.5 5l-5 5 5 5",
  up: "M10 16V4M5 9l5-5 5 5",
  dots: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  menu: "M3 5.5h14M3 10h14M3 14.5h14",
  sun: "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M15.7 4.3l-1.1 1.1M5.4 14.6l-1.1 1.1",
  moon: "M16.5 12A7 7 0 0 1 8 3.5 7 7 0 1 0 16.5 12z",
  screen: "M2.5 4h15v10h-15zM7 17h6",
  globe: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM2.5 10h15M10 2.5c-5 5-5 10 0 15M10 2.5c5 5 5 10 0 15",
  clock: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 6v4.5l3 1.5",
  send: "M3 10l14-6.5L12.5 17 10 11.5zM10 11.5L17 3.5",
  out: "M8 3.5H3.5v13H8M8 10h9M13.5 6.5L17 10l-3.5 3.5",
  info: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 9v5M10 6.2h.01",
  keyboard: "M2 5h16v10H2zM5 8h.01M8 8h.01M11 8h.01M14 8h.01M6 12h8",
  note: "M4 3.5h12v9l-4 4H4zM12 16.5v-4h4",
  pause: "M7 4v12M13 4v12",
  play: "M6 4l10 6-10 6z",
  filter: "M3 4h14l-5.5 6.5V16l-3-1.5v-4z",
  calendar: "M3.5 5h13v11.5h-13zM3.5 8.5h13M7 3v3.5M13 3v3.5",
  trash: "M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11",
  bolt: "M11 2.5L4.5 11.5H10L9 17.5l6.5-9H10z",
  door: "M5 17V3.5h10V17M3 17h14M12 10.5h.01",
  shield: "M10 2.5l6.5 2.5v5c0 4-3 6.5-6.5 7.5C6.5 16.5 3.5 14 3.5 10V5z",
  person: "M10 10a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.6zM3.5 17c.4-3.3 2.9-5 6.5-5s6.1 1.7 6.5 5",
  badge: "M2.5 4.5h15v11.5h-15zM7 10a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4zM4.5 13.5c.2-1.3 1.1-2 2.5-2s2.3.7 2.5 2M12 8h3M12 11.5h3",
  tag: "M3 9.5V3h6.5L17.5 11 11 17.5zM6.5 6.5h.01",
  receipt: "M5 2.5h10v15L12.5 16 10 17.5 7.5 16 5 17.5zM8 6.5h4M8 10h4",
  text: "M4 5V4h12v1M10 4v12M8 16h4",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16, title }: { name: IconName; size?: number; title?: string }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      focusable="false"
      role={title ? "img" : undefined}
      aria-label={title}
      aria-hidden={title ? undefined : true}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
