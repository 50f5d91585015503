/** All that surrounds the screens: words, look, what was read, who is signed in. */
import { DirectionProvider, localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { api, ask, pause, worthwhile } from "./api/client";
import { Problem } from "./api/problem";
import { keepMessages } from "./api/live";
import { session, useSession } from "./api/session";
import { stream } from "./api/stream";
import { Failure } from "./blocks/States";
import { TellProvider } from "./blocks/tell";
import { Tip } from "./blocks/Tip";
import { resolver, theme } from "./design/theme";
import { listenToKeys } from "./frame/keys";
import { router } from "./router";
import { keepLanguage, LANGUAGES, type Language, type Words, WordsProvider, wordsOf } from "./words";

export const SCHEME = "tidings.look";
const scheme = localStorageColorSchemeManager({ key: SCHEME });
const queries = new QueryClient({
  defaultOptions: {
    // What happens comes by the stream; what it does not tell is read anew when looked at again.
    queries: { retry: worthwhile, retryDelay: pause, staleTime: 15_000, networkMode: "always" },
    mutations: { networkMode: "always" },
  },
});

export function App({ first, nonce }: { first: Words; nonce: string }) {
  const [words, setWords] = useState(first);
  async function choose(language: Language) {
    const { default: catalogue } = await LANGUAGES[language].load();
    keepLanguage(language);
    setWords(wordsOf(language, catalogue));
  }
  const direction = LANGUAGES[words.language].direction;
  useEffect(() => {
    document.documentElement.lang = words.language;
    document.documentElement.dir = direction;
  }, [words.language, direction]);
  return (
    <WordsProvider words={words} choose={choose}>
      <DirectionProvider key={direction} initialDirection={direction} detectDirection={false}>
        <MantineProvider
          theme={theme}
          cssVariablesResolver={resolver}
          colorSchemeManager={scheme}
          defaultColorScheme="auto"
          getStyleNonce={() => nonce}
        >
          <QueryClientProvider client={queries}>
            <TellProvider>
              <Inside />
              <Tip />
            </TellProvider>
          </QueryClientProvider>
        </MantineProvider>
      </DirectionProvider>
    </WordsProvider>
  );
}

// The way in is no part of the first load of who is in already; it is there before their session ends.
const bringEntry = () => import("./frame/entry/Entry");
const Entry = lazy(async () => ({ default: (await bringEntry()).Entry }));
const SignInAgain = lazy(async () => ({ default: (await bringEntry()).SignInAgain }));
const ENTRY_AFTER_MS = 20_000;

// Asked while the words still come. The stream stands before the first screen reads, so that nothing is read twice.
const readWho = () => ask(api.GET("/v1/session"));
let asked: ReturnType<typeof readWho> | undefined = readWho();
asked.then(
  (who) => !who.needs && stream.start(),
  () => undefined, // told below, to whoever waits for it
);

function Inside() {
  const { who, expired } = useSession();
  const [problem, setProblem] = useState<unknown>(null);
  const inside = Boolean(who && !who.needs);
  useEffect(listenToKeys, []);
  useEffect(() => {
    if (who === undefined && !problem) {
      const first = asked ?? readWho();
      asked = undefined;
      first.then(
        (found) => session.enter(found),
        (fault: unknown) => (fault instanceof Problem && fault.status === 401 ? session.enter(null) : setProblem(fault)),
      );
    }
  }, [who, problem]);
  useEffect(() => {
    if (!inside) return undefined;
    const stopKeeping = keepMessages(queries);
    stream.start();
    const entry = setTimeout(() => void bringEntry(), ENTRY_AFTER_MS);
    return () => {
      clearTimeout(entry);
      stopKeeping();
      stream.end();
      queries.clear();
    };
  }, [inside]);
  useEffect(() => {
    if (inside && !expired) void queries.invalidateQueries();
  }, [inside, expired]);
  if (problem) return <Failure problem={problem} again={() => setProblem(null)} />;
  if (who === undefined) return null;
  if (!inside) {
    return (
      <Suspense>
        <Entry who={who} />
      </Suspense>
    );
  }
  return (
    <>
      <RouterProvider router={router} />
      <Suspense>{expired && <SignInAgain />}</Suspense>
    </>
  );
}
