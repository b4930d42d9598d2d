"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { browserApi } from "@/api/client";
import { unwrap } from "@/api/problem";
import { keys } from "@/api/queries";
import type { Order } from "@/api/types";
import { useText } from "@/i18n/provider";
import { quantity } from "@/shared/money";
import { Button } from "@/shared/ui/button";
import { Confirm } from "@/shared/ui/confirm";

export function CancelButton({ order, className }: { order: Order; className?: string }) {
  const { language, t } = useText();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const what = `${order.symbol} ${t.orders.side[order.side]} ${t.common.shares(quantity(order.qty, language))}`;

  const send = async () => {
    unwrap(await browserApi.POST("/orders/{id}:cancel", { params: { path: { id: order.id } } }));
    await client.invalidateQueries({ queryKey: [...keys.orders] });
  };

  return (
    <>
      <Button small aria-label={t.orders.cancelOf(what)} data-testid="order-cancel" className={className} onClick={() => setAsking(true)}>
        {t.orders.cancel}
      </Button>
      {asking && (
        <Confirm title={t.orders.cancelTitle} action={t.orders.cancelConfirm} danger onConfirm={send} onClose={() => setAsking(false)}>
          <p className="font-medium text-ink">{what}</p>
          <p>{t.orders.cancelBody}</p>
        </Confirm>
      )}
    </>
  );
}
