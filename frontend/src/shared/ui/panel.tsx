import { useId, type ReactNode } from "react";
import { cx } from "@/shared/cx";

type Props = { title: string; count?: string; aside?: ReactNode; children: ReactNode; className?: string };

export function Panel({ title, count, aside, children, className }: Props) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={cx("@container min-w-0 overflow-hidden rounded-xl border border-line bg-panel", className)}>
      <header className="flex min-h-12 items-center gap-3 border-b border-line px-4 py-2">
        <h2 id={id} className="text-[0.9375rem] font-semibold">
          {title}
        </h2>
        {count !== undefined && <span className="figures text-sm text-faint">{count}</span>}
        <div className="ml-auto flex items-center gap-2">{aside}</div>
      </header>
      {children}
    </section>
  );
}

export function Nothing({ children }: { children: ReactNode }) {
  return <p className="px-4 py-8 text-center text-sm text-faint">{children}</p>;
}
