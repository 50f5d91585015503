/** Routes, made from the table of screens. Addresses hold plain words: `/messages?status=failed`. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  lazyRouteComponent,
  type RouteComponent,
  redirect,
  useParams,
} from "@tanstack/react-router";
import { Newer, screenFile } from "./api/files";
import { session, useSession } from "./api/session";
import { Screen } from "./blocks/Screen";
import { Empty, Failure, Loading } from "./blocks/States";
import { Shell } from "./frame/Shell";
import { SCREENS, type ScreenRow, sees } from "./screens";
import { useWords } from "./words";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Broken });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  // The first screen that they may see.
  beforeLoad: () => {
    const who = session.get();
    if (!who) return; // nobody is in: whoever comes next is led to theirs
    throw redirect({ to: SCREENS.find((one) => one.nav && sees(who, one))?.path ?? "/nothing" });
  },
});

/** The screen to whoever may see it; to others, who come by a link, that it is not theirs. */
function theirs(one: ScreenRow): RouteComponent {
  const Inside = lazyRouteComponent(() => one.load().catch(screenFile));
  const Guarded = () => (sees(useSession().who, one) ? <Inside /> : <NotTheirs title={`${one.name}.title`} />);
  return Object.assign(Guarded, { preload: Inside.preload });
}

const screens = SCREENS.map((one) =>
  createRoute({
    getParentRoute: () => root,
    path: one.path,
    component: theirs(one),
    pendingComponent: Loading,
    errorComponent: Broken,
  }),
);

export const router = createRouter({
  routeTree: root.addChildren([home, ...screens]),
  basepath: "/console",
  defaultPreload: "intent",
  defaultPendingMs: 150,
  scrollRestoration: true,
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(
      Object.entries(search).filter((pair): pair is [string, string] => typeof pair[1] === "string" && pair[1] !== ""),
    ).toString();
    return text && `?${text}`;
  },
});

/** A `$name` of the path. */
export function useParam(name: string): string {
  return (useParams({ strict: false }) as Record<string, string>)[name] ?? "";
}

function NotTheirs({ title }: { title: string }) {
  const { say } = useWords();
  const { who } = useSession();
  return (
    <Screen title={say(title)} fill>
      <Empty icon="shield" title={say("frame.not-yours")}>
        {say("frame.not-yours-more", { role: say(`people.role-${who?.user.role}`) })}
      </Empty>
    </Screen>
  );
}

function NotFound() {
  const { say } = useWords();
  return (
    <Screen title={say("frame.nothing-here")} fill>
      <Empty icon="search" title={say("frame.nothing-here")}>
        {say("frame.nothing-here-more")}
      </Empty>
    </Screen>
  );
}

/** A screen that broke, whose file did not come, or is gone because a newer console was put in place. */
function Broken({ error, reset }: ErrorComponentProps) {
  const { say } = useWords();
  const stale = error instanceof Newer;
  return (
    <Screen title={say(stale ? "frame.newer" : "problem.broken")} fill>
      {stale ? (
        <Empty
          icon="again"
          title={say("frame.newer")}
          action={
            <button type="button" onClick={() => location.reload()}>
              {say("frame.reload")}
            </button>
          }
        />
      ) : (
        <Failure problem={error} again={() => void router.invalidate().then(reset)} />
      )}
    </Screen>
  );
}
