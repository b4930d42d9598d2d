import type { ComponentProps, ReactNode } from "react";
import { cx } from "@/shared/cx";

/** A real table at every width: where it is narrow, secondary columns step behind and rows say the rest in a second line. */
export function Table({ caption, head, children, fixed = true }: { caption: string; head: ReactNode; children: ReactNode; fixed?: boolean }) {
  return (
    <div className={cx("relative overflow-auto", fixed && "max-h-[26rem]")} tabIndex={0} role="region" aria-label={caption}>
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">{caption}</caption>
        <thead className="sticky top-0 z-[1] bg-panel text-xs text-faint shadow-[0_1px_0_var(--line)]">
          <tr>{head}</tr>
        </thead>
        <tbody className="divide-y divide-line">{children}</tbody>
      </table>
    </div>
  );
}

type CellProps = { right?: boolean; wide?: boolean; className?: string };

const cell = ({ right, wide, className }: CellProps) =>
  cx("px-1.5 py-2 align-top first:pl-4 last:pr-4 @xl:px-3", right ? "text-right figures whitespace-nowrap" : "text-left", wide && "hidden @xl:table-cell", className);

/** `wide`: only where the panel has room. */
export function Th({ right, wide, className, ...rest }: CellProps & ComponentProps<"th">) {
  return <th scope="col" className={cx(cell({ right, wide, className }), "font-medium whitespace-nowrap")} {...rest} />;
}

export function Td({ right, wide, className, ...rest }: CellProps & ComponentProps<"td">) {
  return <td className={cell({ right, wide, className })} {...rest} />;
}
