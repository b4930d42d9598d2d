"use client";

import { useEffect, useId, useRef, useState, type FormEvent, type ReactNode } from "react";
import { explain } from "@/api/problem";
import { useText } from "@/i18n/provider";
import { Button } from "./button";

type Props = {
  title: string;
  children: ReactNode;
  action: string;
  danger?: boolean;
  /** The name or words that must be typed. The server checks them again. */
  typed?: string;
  /** How they are asked for, where they are no account's name. */
  ask?: (typed: string) => string;
  onConfirm: (typed: string) => Promise<unknown>;
  onClose: () => void;
};

/** Asks before something is done, stays open while it is done, and says what went wrong. */
export function Confirm({ title, children, action, danger = false, typed, ask, onConfirm, onClose }: Props) {
  const { language, t } = useText();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [text, setText] = useState("");
  const [working, setWorking] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  useEffect(() => dialog.current?.showModal(), []);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setWorking(true);
    setFailure(null);
    try {
      await onConfirm(text);
      dialog.current?.close();
    } catch (error) {
      setFailure(error);
      setWorking(false);
    }
  };

  return (
    <dialog
      ref={dialog}
      aria-labelledby={`${id}title`}
      aria-describedby={`${id}body`}
      onClose={onClose}
      onCancel={(event) => working && event.preventDefault()}
      className="m-auto w-[min(30rem,calc(100vw-2rem))] rounded-xl border border-line bg-panel p-0 text-left text-ink shadow-2xl"
    >
      <form onSubmit={submit} className="space-y-4 p-6">
        <h2 id={`${id}title`} className="text-lg font-semibold">
          {title}
        </h2>
        <div id={`${id}body`} className="space-y-2 text-sm text-soft">
          {children}
        </div>
        {typed !== undefined && (
          <label className="block space-y-1.5 text-sm">
            <span className="block">{(ask ?? t.confirm.type)(typed)}</span>
            <input
              name="confirm"
              autoComplete="off"
              autoFocus
              value={text}
              onChange={(event) => setText(event.target.value)}
              className="min-h-10 w-full rounded-md border border-line bg-paper px-3 text-base"
            />
          </label>
        )}
        {failure !== null && (
          <p role="alert" className="text-sm text-bad">
            {explain(failure, language)}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={() => dialog.current?.close()} disabled={working}>
            {t.common.cancel}
          </Button>
          <Button type="submit" look={danger ? "danger" : "primary"} data-testid="confirm" disabled={working || (typed !== undefined && text.trim() !== typed)}>
            {working ? t.confirm.working : action}
          </Button>
        </div>
      </form>
    </dialog>
  );
}
