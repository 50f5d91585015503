/** The start: look and language before the first paint, then the rest. */
import "./design/mantine.css";
import "./design/tokens.css";
import { setNonce } from "get-nonce";
import { createRoot } from "react-dom/client";
import { App, SCHEME } from "./app";
import { chosenLanguage, LANGUAGES, wordsOf } from "./words";

const look = localStorage.getItem(SCHEME);
const dark = look === "dark" || (look !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
document.documentElement.dataset.mantineColorScheme = dark ? "dark" : "light";

// The page's policy takes only those style sheets that bear it.
const nonce = document.querySelector<HTMLElement>("meta[property=csp-nonce]")?.nonce ?? "";
setNonce(nonce);

const language = chosenLanguage();
const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
document.documentElement.lang = language;
document.documentElement.dir = LANGUAGES[language].direction;
// No `await` here: the words import from the file that this is part of, and would wait for it as it waits for them.
void LANGUAGES[language].load().then(({ default: catalogue }) => {
  createRoot(root).render(<App first={wordsOf(language, catalogue)} nonce={nonce} />);
});
