"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { browserApi } from "@/api/client";
import { unwrap } from "@/api/problem";
import { keys } from "@/api/queries";
import { useText } from "@/i18n/provider";
import { Button } from "@/shared/ui/button";
import { Confirm } from "@/shared/ui/confirm";

/** Stops everything, at once: one press, one confirmation, nothing to type. */
export function HaltButton() {
  const { t } = useText();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);

  const send = async () => {
    unwrap(await browserApi.POST("/bots:halt", { body: {} }));
    await Promise.all([keys.accounts, keys.house].map((queryKey) => client.invalidateQueries({ queryKey })));
  };

  return (
    <>
      <Button look="danger" data-testid="halt" onClick={() => setAsking(true)} className="font-semibold">
        <span aria-hidden className="size-2.5 rounded-[2px] bg-current" />
        {t.halt.button}
      </Button>
      {asking && (
        <Confirm title={t.halt.title} action={t.halt.confirm} danger onConfirm={send} onClose={() => setAsking(false)}>
          <p>{t.halt.body}</p>
        </Confirm>
      )}
    </>
  );
}
