"use client";

import type { Account } from "@/api/types";
import { useText } from "@/i18n/provider";
import { cx } from "@/shared/cx";

const LOOK: Record<Account["environment"], string> = {
  real: "bg-real text-real-ink font-bold",
  paper: "border border-dashed border-faint text-soft font-medium",
};

/** Real money is a filled mark, paper a dashed one: told apart without reading, and without colour. */
export function Environment({ of, small = false }: { of: Account["environment"]; small?: boolean }) {
  const { t } = useText();
  return (
    <span title={t.accounts.environmentHelp[of]} className={cx("inline-block rounded whitespace-nowrap", small ? "px-1 text-[0.6875rem] leading-4" : "px-2 py-0.5 text-xs", LOOK[of])}>
      {t.accounts.environment[of]}
    </span>
  );
}
