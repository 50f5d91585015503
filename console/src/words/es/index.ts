import { gather } from "..";

export default gather(import.meta.glob("./*.json", { eager: true, import: "default" }));
