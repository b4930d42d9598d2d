"use client";

import { signOut } from "next-auth/react";

let leaving = false;

/** A whole new page on purpose: nothing that was read for one person stays in memory for the next. */
function open(path: string): void {
  window.location.href = path;
}

/** To the sign-in page, and back here afterwards. Once, however many requests were refused together. */
export async function signInAgain(): Promise<void> {
  if (leaving) return;
  leaving = true;
  const here = window.location.pathname + window.location.search;
  await signOut({ redirect: false }).catch(() => undefined);
  open(`/login?expired=1&next=${encodeURIComponent(here)}`);
}

export async function leave(): Promise<void> {
  await signOut({ redirect: false }).catch(() => undefined);
  open("/login");
}
