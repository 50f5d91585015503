/** Parts of the frame whose file comes when they are first asked for. */
import { useEffect, useEffectEvent, useState } from "react";
import { unreachable } from "../api/problem";
import { useTell } from "../blocks/tell";

/** What `bring` brings, once `wanted`; null until then. Where it does not come that is told, and `giveUp` called. */
export function useLater<T>(bring: () => Promise<T>, wanted: boolean, giveUp: () => void): T | null {
  const [brought, setBrought] = useState<T | null>(null);
  const { trouble } = useTell();
  const failed = useEffectEvent((fault: unknown) => {
    giveUp();
    trouble(unreachable(fault));
  });
  const missing = wanted && brought === null;
  useEffect(() => {
    if (missing) bring().then((it) => setBrought(() => it), (fault: unknown) => failed(fault));
  }, [missing, bring]);
  return brought;
}
