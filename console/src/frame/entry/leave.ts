import { api, ask } from "../../api/client";
import { forgetDrafts } from "../../api/drafts";
import { Problem } from "../../api/problem";
import { session } from "../../api/session";

/** Ends the session here and at the server. Throws a Problem where it goes on: then nobody may believe that they are out. */
export async function signOut(): Promise<void> {
  try {
    await ask(api.DELETE("/v1/session"));
  } catch (fault) {
    // It had ended already.
    if (!(fault instanceof Problem) || fault.status !== 401) throw fault;
  }
  forgetDrafts();
  session.leave();
  history.replaceState(null, "", "/console/");
}
