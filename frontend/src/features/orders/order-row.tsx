"use client";

import Link from "next/link";
import { asText } from "@/api/problem";
import type { Account, Order } from "@/api/types";
import { useText } from "@/i18n/provider";
import { AccountName } from "@/shared/account-name";
import { useArrival } from "@/shared/arrival";
import { cx } from "@/shared/cx";
import { price, quantity } from "@/shared/money";
import { Badge } from "@/shared/ui/badge";
import { SideWord } from "@/shared/ui/side";
import { Stamp } from "@/shared/ui/stamp";
import { Td } from "@/shared/ui/table";
import { CancelButton } from "./cancel-button";
import { CANCELLABLE, STATUS_TONE } from "./looks";

function Status({ order }: { order: Order }) {
  const { language, t } = useText();
  const refusal = asText(order.failure);
  return (
    <>
      <Badge tone={STATUS_TONE[order.status]}>{t.orders.statuses[order.status]}</Badge>
      {order.needs_person && (
        <Link href={`/orders/${order.id}`} className="ml-2 rounded bg-bad-fill px-1.5 text-xs font-medium whitespace-nowrap text-white hover:underline">
          {t.orders.needsPerson}
        </Link>
      )}
      {refusal && <p className="max-w-64 text-xs text-faint">{refusal[language]}</p>}
    </>
  );
}

type Props = { order: Order; role?: Account["role"]; actions?: boolean };

export function OrderRow({ order, role, actions = false }: Props) {
  const { language, t } = useText();
  const arriving = useArrival(order.created_at);
  const cancellable = CANCELLABLE[order.status] && role !== undefined && role !== "view";
  const counts = `${quantity(order.filled_qty, language)}/${quantity(order.qty, language)}`;
  return (
    <tr data-testid="order-row" data-order-id={order.id} data-status={order.status} data-account-id={order.account_id} className={cx(arriving)}>
      <Td>
        <Stamp at={order.created_at} />
      </Td>
      <Td>
        <Link href={`/orders/${order.id}`} className="font-semibold hover:underline" data-testid="order-link">
          {order.symbol}
        </Link>{" "}
        <SideWord side={order.side} />
        <div className="text-xs text-soft">
          <AccountName id={order.account_id} />
        </div>
      </Td>
      <Td right>
        {counts}
        <div className="text-xs text-faint @xl:hidden">{price(order.avg_fill_price ?? order.price, language)}</div>
      </Td>
      <Td right wide title={t.orders.type[order.order_type]}>
        {price(order.price, language)}
      </Td>
      <Td right wide>
        {price(order.avg_fill_price, language)}
      </Td>
      <Td>
        <Status order={order} />
        {actions && cancellable && <CancelButton order={order} className="mt-1 @xl:hidden" />}
      </Td>
      {actions && (
        <Td right wide>
          {cancellable && <CancelButton order={order} />}
        </Td>
      )}
    </tr>
  );
}
