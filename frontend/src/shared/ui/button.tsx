import type { ButtonHTMLAttributes } from "react";
import { cx } from "@/shared/cx";

type Look = "primary" | "plain" | "danger" | "quiet";

const LOOK: Record<Look, string> = {
  primary: "bg-accent text-accent-ink hover:opacity-90",
  plain: "border border-line bg-panel text-ink hover:bg-raised",
  danger: "bg-bad-fill text-white hover:opacity-90",
  quiet: "text-soft hover:bg-raised hover:text-ink",
};

type Props = ButtonHTMLAttributes<HTMLButtonElement> & { look?: Look; small?: boolean };

export function Button({ look = "plain", small = false, className, type = "button", ...rest }: Props) {
  const size = small ? "min-h-8 px-2.5 text-[0.8125rem]" : "min-h-10 px-4 text-sm";
  return (
    <button
      type={type}
      className={cx("inline-flex items-center justify-center gap-2 rounded-md font-medium whitespace-nowrap transition disabled:opacity-50", size, LOOK[look], className)}
      {...rest}
    />
  );
}
