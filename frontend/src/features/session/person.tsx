"use client";

import type { Me } from "@/api/types";
import { useText } from "@/i18n/provider";
import { Button } from "@/shared/ui/button";
import { leave } from "./leave";

export function Person({ me }: { me: Me }) {
  const { t } = useText();
  return (
    <div className="flex min-w-0 items-center gap-2 text-[0.8125rem]">
      <span className="hidden min-w-0 truncate text-soft xl:inline" title={me.email}>
        {me.email} <span className="text-faint">· {t.person.roles[me.role]}</span>
      </span>
      <Button look="quiet" small data-testid="sign-out" onClick={() => void leave()}>
        {t.person.signOut}
      </Button>
    </div>
  );
}
