"use client";

import type { Order } from "@/api/types";
import { useText } from "@/i18n/provider";
import { useAccounts } from "@/shared/lists";
import { Table, Th } from "@/shared/ui/table";
import { OrderRow } from "./order-row";

type Props = { orders: Order[]; actions?: boolean; fixed?: boolean };

export function OrderTable({ orders, actions = false, fixed }: Props) {
  const { t } = useText();
  const accounts = useAccounts().data?.results;
  const role = (id: string) => accounts?.find((account) => account.id === id)?.role;
  const head = (
    <>
      <Th>{t.orders.time}</Th>
      <Th>{t.orders.symbol}</Th>
      <Th right>{t.orders.quantity}</Th>
      <Th right wide>{t.orders.price}</Th>
      <Th right wide>{t.orders.average}</Th>
      <Th>{t.orders.status}</Th>
      {actions && (
        <Th right wide>
          <span className="sr-only">{t.orders.actions}</span>
        </Th>
      )}
    </>
  );
  return (
    <Table caption={t.orders.title} head={head} fixed={fixed}>
      {orders.map((order) => (
        <OrderRow key={order.id} order={order} role={role(order.account_id)} actions={actions} />
      ))}
    </Table>
  );
}
