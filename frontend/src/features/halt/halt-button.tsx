"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { browserApi } from "@/api/client";
import { unwrap } from "@/api/problem";
import { keys } from "@/api/queries";
import { useText } from "@/i18n/provider";
import { useAccounts } from "@/shared/lists";
import { Button } from "@/shared/ui/button";
import { Confirm } from "@/shared/ui/confirm";

type Choice = { name: string; label: string; help: string; checked: boolean; choose: (checked: boolean) => void };

function Option({ name, label, help, checked, choose }: Choice) {
  return (
    <label className="flex min-h-10 cursor-pointer items-start gap-3 rounded-md border border-line px-3 py-2 text-ink">
      <input type="checkbox" name={name} checked={checked} onChange={(event) => choose(event.target.checked)} className="mt-1 size-4 accent-current" />
      <span>
        <span className="block font-medium">{label}</span>
        <span className="block text-xs text-soft">{help}</span>
      </span>
    </label>
  );
}

/** Stops everything, at once: one press, one confirmation. To sell everything first, the words for it are typed. */
export function HaltButton() {
  const { t } = useText();
  const client = useQueryClient();
  const accounts = useAccounts().data?.results.filter(({ role }) => role !== "view") ?? [];
  const [asking, setAsking] = useState(false);
  const [cancel, setCancel] = useState(false);
  const [sell, setSell] = useState(false);
  const words = accounts.length === 1 && accounts[0] ? accounts[0].nickname : t.halt.sellWords;

  const send = async (confirm: string) => {
    unwrap(await browserApi.POST("/bots:halt", { body: { cancel_orders: cancel || sell, sell_out: sell, confirm } }));
    await Promise.all([keys.accounts, keys.house, keys.orders].map((queryKey) => client.invalidateQueries({ queryKey })));
  };

  const open = () => {
    setCancel(false);
    setSell(false);
    setAsking(true);
  };

  return (
    <>
      <Button look="danger" data-testid="halt" onClick={open} className="font-semibold">
        <span aria-hidden className="size-2.5 rounded-[2px] bg-current" />
        {t.halt.button}
      </Button>
      {asking && (
        <Confirm
          title={t.halt.title}
          action={sell ? t.halt.confirmSell : t.halt.confirm}
          danger
          typed={sell ? words : undefined}
          ask={accounts.length === 1 ? undefined : t.halt.typeWords}
          onConfirm={send}
          onClose={() => setAsking(false)}
        >
          <p>{sell ? t.halt.bodySell : t.halt.body}</p>
          <Option name="cancel_orders" label={t.halt.cancelOrders} help={t.halt.cancelOrdersHelp} checked={cancel || sell} choose={setCancel} />
          <Option name="sell_out" label={t.halt.sellOut} help={t.halt.sellOutHelp} checked={sell} choose={setSell} />
        </Confirm>
      )}
    </>
  );
}
