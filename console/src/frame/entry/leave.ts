import { api } from "../../api/client";
import { forgetDrafts } from "../../api/drafts";
import { session } from "../../api/session";

/** Ends the session here and at the server; where that cannot be reached, it ends by itself when unused. */
export async function signOut(): Promise<void> {
  try {
    await api.DELETE("/v1/session");
  } finally {
    forgetDrafts();
    session.enter(null);
    history.replaceState(null, "", "/console/");
  }
}
