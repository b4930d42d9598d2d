"use client";

import { useAccounts } from "@/shared/lists";
import { useText } from "@/i18n/provider";
import { Environment } from "./ui/environment";

/** Whose it is, always with real or paper beside it. */
export function AccountName({ id }: { id: string }) {
  const { t } = useText();
  const account = useAccounts().data?.results.find((one) => one.id === id);
  if (!account) return <span className="text-faint">{t.common.unknownAccount}</span>;
  return (
    <span className="inline-flex items-center gap-1.5">
      <Environment of={account.environment} small />
      <span className="max-w-[4.75rem] truncate @sm:max-w-40">{account.nickname}</span>
    </span>
  );
}
