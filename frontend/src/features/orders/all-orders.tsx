"use client";

import { useState } from "react";
import type { OrderFilter } from "@/api/queries";
import { useText } from "@/i18n/provider";
import { rowsOf, useAccounts, useOrders } from "@/shared/lists";
import { Button } from "@/shared/ui/button";
import { Loaded } from "@/shared/ui/loaded";
import { Nothing, Panel } from "@/shared/ui/panel";
import { Select } from "@/shared/ui/select";
import { STATUSES } from "./looks";
import { OrderTable } from "./order-table";

type Filtering = { filter: OrderFilter; change: (filter: OrderFilter) => void };

function Filters({ filter, change }: Filtering) {
  const { t } = useText();
  const accounts = useAccounts().data?.results ?? [];
  return (
    <>
      <Select
        label={t.common.account}
        value={filter.account_id ?? ""}
        options={[{ value: "", text: t.common.all }, ...accounts.map(({ id, nickname }) => ({ value: id, text: nickname }))]}
        onChange={(value) => change({ ...filter, account_id: value || undefined })}
      />
      <Select
        label={t.orders.status}
        value={filter.status ?? ""}
        options={[{ value: "", text: t.common.all }, ...STATUSES.map((status) => ({ value: status, text: t.orders.statuses[status] }))]}
        onChange={(value) => change({ ...filter, status: STATUSES.find((status) => status === value) })}
      />
    </>
  );
}

export function AllOrders() {
  const { t } = useText();
  const [filter, setFilter] = useState<OrderFilter>({});
  const result = useOrders(filter);
  const filtered = Object.values(filter).some((value) => value !== undefined);
  return (
    <Panel title={t.orders.title} aside={<Filters filter={filter} change={setFilter} />}>
      <Loaded result={result}>
        {(data) => {
          const orders = rowsOf(data);
          return orders.length === 0 ? <Nothing>{filtered ? t.orders.emptyFiltered : t.orders.empty}</Nothing> : <OrderTable orders={orders} actions fixed={false} />;
        }}
      </Loaded>
      {result.hasNextPage && (
        <div className="border-t border-line p-3 text-center">
          <Button small disabled={result.isFetchingNextPage} onClick={() => void result.fetchNextPage()}>
            {t.common.more}
          </Button>
        </div>
      )}
    </Panel>
  );
}
