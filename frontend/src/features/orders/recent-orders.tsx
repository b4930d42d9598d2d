"use client";

import Link from "next/link";
import { useText } from "@/i18n/provider";
import { rowsOf, useOrders } from "@/shared/lists";
import { Loaded } from "@/shared/ui/loaded";
import { Nothing, Panel } from "@/shared/ui/panel";
import { OrderTable } from "./order-table";

const SHOWN = 50;

export function RecentOrders() {
  const { t } = useText();
  const all = (
    <Link href="/orders" className="rounded px-2 py-1.5 text-[0.8125rem] text-accent hover:underline">
      {t.orders.all}
    </Link>
  );
  return (
    <Panel title={t.orders.title} aside={all}>
      <Loaded result={useOrders()}>
        {(data) => {
          const orders = rowsOf(data).slice(0, SHOWN);
          return orders.length === 0 ? <Nothing>{t.orders.empty}</Nothing> : <OrderTable orders={orders} />;
        }}
      </Loaded>
    </Panel>
  );
}
