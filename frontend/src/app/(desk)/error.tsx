"use client";

import { useText } from "@/i18n/provider";
import { Button } from "@/shared/ui/button";

export default function DeskError({ reset }: { error: Error; reset: () => void }) {
  const { t } = useText();
  return (
    <div role="alert" className="mx-auto max-w-md space-y-4 py-16 text-center">
      <h1 className="text-lg font-semibold">{t.errorPage.title}</h1>
      <p className="text-soft">{t.errorPage.body}</p>
      <Button onClick={reset}>{t.common.retry}</Button>
    </div>
  );
}
