"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { browserApi } from "@/api/client";
import { unwrap } from "@/api/problem";
import { keys } from "@/api/queries";
import type { Account } from "@/api/types";
import { useText } from "@/i18n/provider";
import { Button } from "@/shared/ui/button";
import { Confirm } from "@/shared/ui/confirm";

/** Starts or stops an account's bot, after its name was typed. Says which state is wanted, and never flips blindly. */
export function Switch({ account }: { account: Account }) {
  const { t } = useText();
  const client = useQueryClient();
  const [asked, setAsked] = useState<boolean | null>(null); // the state that is being asked for

  const send = async (enabled: boolean, confirm: string) => {
    unwrap(await browserApi.POST("/accounts/{id}:toggle", { params: { path: { id: account.id } }, body: { enabled, confirm } }));
    await client.invalidateQueries({ queryKey: [...keys.accounts] });
  };

  const name = account.nickname;
  const words = account.enabled ? { button: t.accounts.stop, label: t.accounts.stopOf(name) } : { button: t.accounts.start, label: t.accounts.startOf(name) };
  return (
    <>
      <Button small aria-label={words.label} data-testid="account-switch" onClick={() => setAsked(!account.enabled)}>
        {words.button}
      </Button>
      {asked !== null && (
        <Confirm
          title={asked ? t.accounts.startTitle(name) : t.accounts.stopTitle(name)}
          action={asked ? t.accounts.start : t.accounts.stop}
          danger={!asked || account.environment === "real"}
          typed={name}
          onConfirm={(typed) => send(asked, typed)}
          onClose={() => setAsked(null)}
        >
          <p>{asked ? (account.environment === "real" ? t.accounts.startReal : t.accounts.startPaper) : t.accounts.stopNote}</p>
        </Confirm>
      )}
    </>
  );
}
