"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { browserApi } from "@/api/client";
import { asText, unwrap } from "@/api/problem";
import { keys } from "@/api/queries";
import type { Me } from "@/api/types";
import { useText } from "@/i18n/provider";
import { useAccounts, useHouse } from "@/shared/lists";
import { Button } from "@/shared/ui/button";
import { Confirm } from "@/shared/ui/confirm";
import { haltedNow } from "./halted";

function Resume() {
  const { t } = useText();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);

  const send = async () => {
    unwrap(await browserApi.POST("/bots:resume"));
    await Promise.all([keys.accounts, keys.house].map((queryKey) => client.invalidateQueries({ queryKey })));
  };

  return (
    <>
      <Button small data-testid="resume" onClick={() => setAsking(true)}>
        {t.halt.resume}
      </Button>
      {asking && (
        <Confirm title={t.halt.resumeTitle} action={t.halt.resume} onConfirm={send} onClose={() => setAsking(false)}>
          <p>{t.halt.resumeBody}</p>
        </Confirm>
      )}
    </>
  );
}

/** A halt is said on every page until it ends. */
export function HaltBanner({ role }: { role: Me["role"] }) {
  const { language, t } = useText();
  const house = useHouse().data;
  const accounts = useAccounts().data?.results ?? [];
  const halted = haltedNow({ role, house: house?.trading_state ?? "active", accounts });
  const reason = asText(house?.reason);
  return (
    <div role="status" data-testid="halted">
      {halted && (
        <div className="bg-bad-fill text-sm text-white">
          <div className="mx-auto flex max-w-[100rem] flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2">
            <p className="min-w-0 flex-1 basis-56">
              {halted.house ? t.halt.house : t.halt.accounts(halted.accounts.join(", "))} {halted.house && reason?.[language]}
            </p>
            {halted.mayResume && <Resume />}
          </div>
        </div>
      )}
    </div>
  );
}
