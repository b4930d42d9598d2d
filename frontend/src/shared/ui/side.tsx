"use client";

import type { Order } from "@/api/types";
import { useText } from "@/i18n/provider";

const COLOUR: Record<Order["side"], string> = { buy: "text-up", sell: "text-down" };

export function SideWord({ side }: { side: Order["side"] }) {
  const { t } = useText();
  return <span className={`text-[0.8125rem] font-medium whitespace-nowrap ${COLOUR[side]}`}>{t.orders.side[side]}</span>;
}
