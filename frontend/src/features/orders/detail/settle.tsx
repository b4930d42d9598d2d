"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { browserApi } from "@/api/client";
import { unwrap } from "@/api/problem";
import { keys } from "@/api/queries";
import type { Claimable, Order } from "@/api/types";
import { useText } from "@/i18n/provider";
import { useAccounts } from "@/shared/lists";
import { Button } from "@/shared/ui/button";
import { Confirm } from "@/shared/ui/confirm";

type Props = { order: Order; row: Claimable | null };

/** A person says which row of the broker's list the order is, or (`row` null) that it never arrived. */
export function Settle({ order, row }: Props) {
  const { t } = useText();
  const words = t.orders.evidence;
  const client = useQueryClient();
  const account = useAccounts().data?.results.find(({ id }) => id === order.account_id);
  const [asking, setAsking] = useState(false);
  if (!account || account.role === "view") return null;

  const send = async (confirm: string) => {
    const body =
      row === null
        ? { decision: "never_arrived" as const, confirm }
        : { decision: "claim" as const, broker_order_id: row.broker_order_id, us_order_date: row.us_order_date, confirm };
    unwrap(await browserApi.POST("/orders/{id}:settle", { params: { path: { id: order.id } }, body }));
    await client.invalidateQueries({ queryKey: [...keys.orders] });
  };

  return (
    <>
      <Button small data-testid={row === null ? "settle-never" : "settle-claim"} onClick={() => setAsking(true)}>
        {row === null ? words.never : words.claim}
      </Button>
      {asking && (
        <Confirm
          title={row === null ? words.neverTitle : words.claimTitle(row.broker_order_id)}
          action={row === null ? words.never : words.claim}
          danger
          typed={account.nickname}
          onConfirm={send}
          onClose={() => setAsking(false)}
        >
          <p>{row === null ? words.neverBody : words.claimBody}</p>
        </Confirm>
      )}
    </>
  );
}
