"use client";

import { useText } from "@/i18n/provider";
import { cx } from "@/shared/cx";
import { direction, signedMoney, type Direction } from "@/shared/money";

const COLOUR: Record<Direction, string> = { gain: "text-up", loss: "text-down", flat: "" };

export function Gain({ value, className }: { value: string | null; className?: string }) {
  const { language } = useText();
  return <span className={cx("figures", COLOUR[direction(value)], className)}>{signedMoney(value, language)}</span>;
}
