/** What the one who is signed in is called, as assignees and authors of notes are. */
import { useSession } from "./session";

export function useMe(): string {
  const user = useSession().who?.user;
  return (user?.name || user?.email) ?? "";
}
