"use client";

import type { Fill } from "@/api/types";
import { useText } from "@/i18n/provider";
import { AccountName } from "@/shared/account-name";
import { useArrival } from "@/shared/arrival";
import { cx } from "@/shared/cx";
import { rowsOf, useFills } from "@/shared/lists";
import { money, price, quantity, times } from "@/shared/money";
import { Loaded } from "@/shared/ui/loaded";
import { Nothing, Panel } from "@/shared/ui/panel";
import { SideWord } from "@/shared/ui/side";
import { Stamp } from "@/shared/ui/stamp";
import { Table, Td, Th } from "@/shared/ui/table";

const SHOWN = 50;

function FillRow({ fill }: { fill: Fill }) {
  const { language } = useText();
  const arriving = useArrival(fill.at);
  return (
    <tr data-testid="fill-row" data-fill-id={fill.id} data-order-id={fill.order_id} className={cx(arriving)}>
      <Td>
        <Stamp at={fill.at} />
      </Td>
      <Td>
        <span className="font-semibold">{fill.symbol}</span> <SideWord side={fill.side} />
        <div className="text-xs text-soft">
          <AccountName id={fill.account_id} />
        </div>
      </Td>
      <Td right>{quantity(fill.qty, language)}</Td>
      <Td right>{price(fill.price, language)}</Td>
      <Td right wide>
        {money(fill.fee, language)}
      </Td>
      <Td right wide>
        {money(times(fill.qty, fill.price), language)}
      </Td>
    </tr>
  );
}

export function Fills() {
  const { t } = useText();
  const head = (
    <>
      <Th>{t.orders.time}</Th>
      <Th>{t.orders.symbol}</Th>
      <Th right>{t.fills.quantity}</Th>
      <Th right>{t.fills.price}</Th>
      <Th right wide>{t.fills.fee}</Th>
      <Th right wide>{t.fills.amount}</Th>
    </>
  );
  return (
    <Panel title={t.fills.title}>
      <Loaded result={useFills()}>
        {(data) => {
          const fills = rowsOf(data).slice(0, SHOWN);
          if (fills.length === 0) return <Nothing>{t.fills.empty}</Nothing>;
          return (
            <Table caption={t.fills.title} head={head}>
              {fills.map((fill) => (
                <FillRow key={fill.id} fill={fill} />
              ))}
            </Table>
          );
        }}
      </Loaded>
    </Panel>
  );
}
