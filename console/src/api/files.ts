/** Files of the console that come when they are needed, and what it means when one does not. */
import { unreachable } from "./problem";

/** The server has another console than this one, without that file. */
export class Newer extends Error {}

/**
 * Why a file did not come; throws a Problem, or Newer. The browser tells both in the same words, at which the router would
 * load the whole page anew, and with it all that was typed would be gone.
 */
export async function screenFile(): Promise<never> {
  const there = await fetch("/healthz").then(
    (answer) => answer.ok,
    () => false,
  );
  throw there ? new Newer("There is a newer console.") : unreachable("A file of the console did not come.");
}
