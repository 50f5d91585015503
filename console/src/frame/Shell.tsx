/** What stands around every screen: navigation, the state of the connection, and the way to everything by keyboard. */
import { ActionIcon, Drawer, Menu, useMantineColorScheme } from "@mantine/core";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useStreamState } from "../api/live";
import { useMay, useSession } from "../api/session";
import { useTell } from "../blocks/tell";
import { Icon, type IconName } from "../design/icons";
import { type Group, SCREENS, type ScreenRow, sees, tabsOf } from "../screens";
import { LANGUAGES, type Language, useWords } from "../words";
import { Early, NOTHING, type Typed } from "./Early";
import { signOut } from "./entry/leave";
import { useKeys } from "./keys";
import { useLater } from "./later";
import style from "./Shell.module.css";
import { useUnread } from "./title";
import { useUnreadCount } from "./unread";

const bringDock = () => import("../screens/handset/Dock");
const DOCKED = "tidings.dock";

// Not of the first load; brought once that is through.
const bringPalette = () => import("./Palette");

/** Screens of the navigation open without waiting for their files: these come one by one, once the first screen is through. */
const SCREENS_AFTER_MS = 3_000;
async function bringScreens(screens: readonly ScreenRow[]): Promise<void> {
  for (const one of screens) await one.load().catch(() => undefined); // told by the screen, when it is opened
}

const GROUPS: readonly Group[] = ["talk", "build", "run", "house"];

/** The screens of the navigation that this caller may see. */
export function useNav(): readonly (ScreenRow & { nav: NonNullable<ScreenRow["nav"]> })[] {
  const { who } = useSession();
  return SCREENS.filter(
    (one): one is ScreenRow & { nav: NonNullable<ScreenRow["nav"]> } => one.nav !== undefined && sees(who, one),
  );
}

export function Shell() {
  const { say } = useWords();
  const nav = useNav();
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [shown, show] = useState<"palette" | "help" | "menu" | null>(null);
  const [early, setEarly] = useState<Typed>(NOTHING);
  const close = () => {
    show(null);
    setEarly(NOTHING);
  };
  // Once there, they stay, so that closing gives the focus back to where it was.
  const asked = shown === "palette" || shown === "help";
  const over = useLater(bringPalette, asked, close);
  useUnreadCount();
  // Phones of the simulated network are for those who may send and read.
  const may = useMay();
  const phones = may("send") && may("read");
  const [docked, dock] = useState(() => localStorage.getItem(DOCKED) === "1");
  const turnDock = () => {
    localStorage.setItem(DOCKED, docked ? "" : "1");
    dock(!docked);
  };
  const dockside = useLater(bringDock, docked && phones, turnDock);

  useKeys({
    "?": [say("keys.help"), () => show("help")],
    ...(phones ? { h: [say("handset.dock"), turnDock] as const } : {}),
    ...Object.fromEntries(
      nav
        .filter((one) => one.nav.key)
        .map((one) => [`g ${one.nav.key}`, [say("keys.go", { to: say(`${one.name}.title`) }), () => void navigate({ to: one.path })]]),
    ),
  });
  useEffect(() => {
    function press(event: KeyboardEvent) {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      show("palette");
    }
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => void bringPalette(), 20_000);
    return () => clearTimeout(timer);
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => void bringScreens(nav), SCREENS_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  // Who hears the screen is told of a new one by its title, as after a load.
  useEffect(() => {
    show(null);
    if (!document.activeElement || document.activeElement === document.body) document.getElementById("title")?.focus();
  }, [path]);

  const phone = tabsOf(nav);
  return (
    <div className={style.shell}>
      <a href="#main" className={style.skip}>
        {say("frame.skip")}
      </a>
      <aside className={style.side}>
        <Brand />
        <button type="button" className={style.find} onClick={() => show("palette")}>
          <Icon name="search" size={14} />
          <span>{say("frame.find")}</span>
          <kbd>{/Mac|iPhone/.test(navigator.userAgent) ? "⌘K" : "Ctrl K"}</kbd>
        </button>
        <Nav />
        <div className={style.foot}>
          <Connection />
          {phones && (
            <ActionIcon aria-label={say("handset.dock")} data-tip={say("handset.dock")} aria-pressed={docked} onClick={turnDock}>
              <Icon name="phone" />
            </ActionIcon>
          )}
          <Settings />
        </div>
      </aside>
      <main id="main" className={style.main}>
        <Outlet />
      </main>
      {docked && phones && dockside && <dockside.default onClose={turnDock} />}
      <nav className={style.tabs} aria-label={say("frame.navigation")}>
        {phone.map((one) => (
          <Tab key={one.path} to={one.path} icon={one.nav.icon} text={say(`${one.name}.nav`)} />
        ))}
        <button type="button" onClick={() => show("menu")} aria-haspopup="dialog">
          <Icon name="menu" size={19} />
          <span>{say("frame.more")}</span>
        </button>
      </nav>
      <Drawer
        opened={shown === "menu"}
        onClose={close}
        size={280}
        title={<Brand />}
        closeButtonProps={{ "aria-label": say("block.close") }}
      >
        <Nav />
        <div className={style.foot}>
          <Connection />
          <Settings />
        </div>
      </Drawer>
      {over && <over.Palette opened={shown === "palette"} first={early} onClose={close} onHelp={() => show("help")} />}
      {over && <over.Help opened={shown === "help"} onClose={close} />}
      {!over && shown === "palette" && <Early typed={early} onTyped={setEarly} onClose={close} />}
    </div>
  );
}

export function Brand() {
  return (
    <span className={style.brand}>
      <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden>
        <rect width="32" height="32" rx="8" fill="var(--accent)" />
        <path
          d="M7 12c4-5 9-5 12 0s5 4 7 1M7 20c4-5 9-5 12 0s5 4 7 1"
          fill="none"
          stroke="var(--on-accent)"
          strokeWidth="3"
          strokeLinecap="round"
        />
      </svg>
      tidings
    </span>
  );
}

function Nav() {
  const { say } = useWords();
  const nav = useNav();
  const unread = useUnread();
  return (
    <nav className={style.nav} aria-label={say("frame.navigation")}>
      {GROUPS.map((group) => {
        const rows = nav.filter((one) => one.nav.group === group);
        if (!rows.length) return null;
        return (
          <div key={group}>
            <h2>{say(`frame.group-${group}`)}</h2>
            <ul>
              {rows.map((one) => (
                <li key={one.path}>
                  <Link to={one.path} activeProps={{ "data-here": true, "aria-current": "page" } as object}>
                    <Icon name={one.nav.icon} />
                    {say(`${one.name}.nav`)}
                    {one.name === "inbox" && unread > 0 && <b>{unread}</b>}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}

function Tab({ to, icon, text }: { to: string; icon: IconName; text: string }) {
  return (
    <Link to={to} activeProps={{ "data-here": true, "aria-current": "page" } as object}>
      <Icon name={icon} size={19} />
      <span>{text}</span>
    </Link>
  );
}

function Connection() {
  const { say } = useWords();
  const state = useStreamState();
  return (
    <span className={style.live} data-state={state} data-tip={say(`frame.live-${state}-more`)} role="status">
      <i aria-hidden />
      {say(`frame.live-${state}`)}
    </span>
  );
}

function Settings() {
  const { say, language, choose } = useWords();
  const { who } = useSession();
  const { trouble } = useTell();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const schemes = { light: "sun", dark: "moon", auto: "screen" } as const;
  return (
    <Menu position="top-end" width={190}>
      <Menu.Target>
        <ActionIcon aria-label={say("frame.settings")}>
          <Icon name="gear" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{say("frame.look")}</Menu.Label>
        {(Object.keys(schemes) as (keyof typeof schemes)[]).map((one) => (
          <Menu.Item
            key={one}
            leftSection={<Icon name={schemes[one]} />}
            rightSection={colorScheme === one ? <Icon name="check" title={say("frame.chosen")} /> : null}
            onClick={() => setColorScheme(one)}
          >
            {say(`frame.look-${one}`)}
          </Menu.Item>
        ))}
        <Menu.Label>{say("frame.language")}</Menu.Label>
        {(Object.keys(LANGUAGES) as Language[]).map((one) => (
          <Menu.Item
            key={one}
            lang={one}
            leftSection={<Icon name="globe" />}
            rightSection={language === one ? <Icon name="check" title={say("frame.chosen")} /> : null}
            onClick={() => choose(one)}
          >
            {LANGUAGES[one].name}
          </Menu.Item>
        ))}
        <Menu.Label>
          <bdi>{who?.user.email}</bdi>
        </Menu.Label>
        <Menu.Item component={Link} to="/account" leftSection={<Icon name="person" />}>
          {say("account.title")}
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="out" />} onClick={() => signOut().catch(trouble)}>
          {say("frame.sign-out")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
