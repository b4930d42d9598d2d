import type { ReactNode } from "react";
import { cx } from "@/shared/cx";

export type Tone = "good" | "warn" | "bad" | "info" | "muted";

const TEXT: Record<Tone, string> = {
  good: "text-good",
  warn: "text-warn",
  bad: "text-bad",
  info: "text-accent",
  muted: "text-faint",
};

/** A word with a dot: the colour helps, the word says it. */
export function Badge({ tone, children, pulse = false }: { tone: Tone; children: ReactNode; pulse?: boolean }) {
  return (
    <span className={cx("inline-flex items-center gap-1.5 whitespace-nowrap text-[0.8125rem] font-medium", TEXT[tone])}>
      <span aria-hidden className={cx("size-1.5 shrink-0 rounded-full bg-current", pulse && "animate-pulse")} />
      {children}
    </span>
  );
}
