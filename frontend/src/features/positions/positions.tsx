"use client";

import type { Position } from "@/api/types";
import { useText } from "@/i18n/provider";
import { AccountName } from "@/shared/account-name";
import { usePositions } from "@/shared/lists";
import { money, price, quantity } from "@/shared/money";
import { Gain } from "@/shared/ui/gain";
import { Loaded } from "@/shared/ui/loaded";
import { Nothing, Panel } from "@/shared/ui/panel";
import { Table, Td, Th } from "@/shared/ui/table";

function PositionRow({ position }: { position: Position }) {
  const { language } = useText();
  return (
    <tr data-testid="position-row" data-symbol={position.symbol} data-account-id={position.account_id}>
      <Td>
        <span className="font-semibold">{position.symbol}</span>
        <div className="text-xs text-soft">
          <AccountName id={position.account_id} />
        </div>
      </Td>
      <Td right>{quantity(position.qty, language)}</Td>
      <Td right>
        {price(position.last_price, language)}
        <div className="text-xs text-faint">{price(position.avg_price, language)}</div>
      </Td>
      <Td right wide>
        {money(position.market_value, language)}
      </Td>
      <Td right>
        <Gain value={position.unrealized_pnl} />
      </Td>
    </tr>
  );
}

export function Positions() {
  const { t } = useText();
  const head = (
    <>
      <Th>{t.orders.symbol}</Th>
      <Th right>{t.positions.quantity}</Th>
      <Th right>
        {t.positions.last}
        <span className="block font-normal">{t.positions.average}</span>
      </Th>
      <Th right wide>{t.positions.value}</Th>
      <Th right>{t.positions.pnl}</Th>
    </>
  );
  return (
    <Panel title={t.positions.title}>
      <Loaded result={usePositions()}>
        {({ results }) => {
          const held = results.filter((position) => position.qty > 0);
          if (held.length === 0) return <Nothing>{t.positions.empty}</Nothing>;
          return (
            <Table caption={t.positions.title} head={head}>
              {held.map((position) => (
                <PositionRow key={position.id} position={position} />
              ))}
            </Table>
          );
        }}
      </Loaded>
    </Panel>
  );
}
