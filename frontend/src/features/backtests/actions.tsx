"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { isOpen } from "@/api/backtests";
import { browserApi } from "@/api/client";
import { settle, unwrap } from "@/api/problem";
import { keys } from "@/api/queries";
import type { Backtest } from "@/api/types";
import { useText } from "@/i18n/provider";
import { Button } from "@/shared/ui/button";
import { Confirm } from "@/shared/ui/confirm";

/** Call off what runs, forget what has ended. */
export function Actions({ run, name, onDeleted }: { run: Backtest; name: string; onDeleted?: () => void }) {
  const { t } = useText();
  const words = t.backtests;
  const client = useQueryClient();
  const [asked, setAsked] = useState<"cancel" | "remove" | null>(null);
  const open = isOpen(run);
  const params = { path: { id: run.id } };

  const send = async () => {
    if (asked === "cancel") unwrap(await browserApi.POST("/backtests/{id}:cancel", { params }));
    else settle(await browserApi.DELETE("/backtests/{id}", { params }));
    if (asked === "remove") onDeleted?.();
    const about = asked === "remove" ? [...keys.backtests, "list"] : [...keys.backtests];
    await client.invalidateQueries({ queryKey: about });
  };

  return (
    <>
      {open ? (
        <Button small data-testid="cancel-backtest" aria-label={words.cancelOf(name)} onClick={() => setAsked("cancel")}>
          {words.cancel}
        </Button>
      ) : (
        <Button small look="quiet" data-testid="delete-backtest" aria-label={words.removeOf(name)} onClick={() => setAsked("remove")}>
          {words.remove}
        </Button>
      )}
      {asked && (
        <Confirm
          title={asked === "cancel" ? words.cancelTitle : words.removeTitle}
          action={asked === "cancel" ? words.cancel : words.remove}
          danger
          onConfirm={send}
          onClose={() => setAsked(null)}
        >
          <p className="font-medium text-ink">{name}</p>
          <p>{asked === "cancel" ? words.cancelBody : words.removeBody}</p>
        </Confirm>
      )}
    </>
  );
}
