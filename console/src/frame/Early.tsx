/** Takes what is typed into the palette before the palette is there: its file comes when it is first asked for. */
import { useWords } from "../words";
import style from "./Shell.module.css";

export interface Typed {
  text: string;
  /** Enter was pressed already. */
  entered: boolean;
}

export const NOTHING: Typed = { text: "", entered: false };

export function Early({ typed, onTyped, onClose }: { typed: Typed; onTyped: (typed: Typed) => void; onClose: () => void }) {
  const { say } = useWords();
  return (
    <div role="dialog" aria-label={say("palette.title")} className={style.early}>
      <input
        autoFocus
        aria-label={say("palette.ask")}
        placeholder={say("palette.ask")}
        value={typed.text}
        onChange={(event) => onTyped({ text: event.currentTarget.value, entered: false })}
        onKeyDown={(event) => {
          if (event.key === "Enter") onTyped({ ...typed, entered: true });
          if (event.key === "Escape") onClose();
        }}
      />
    </div>
  );
}
