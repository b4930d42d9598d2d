"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { useText } from "@/i18n/provider";
import { cx } from "@/shared/cx";

export function Navigation({ className }: { className?: string }) {
  const { t } = useText();
  const here = usePathname();
  const pages = [
    ["/", t.nav.overview],
    ["/orders", t.nav.orders],
    ["/rules", t.nav.rules],
    ["/backtests", t.nav.backtests],
  ] as const;
  const isHere = (href: string) => here === href || (href !== "/" && here.startsWith(`${href}/`));
  return (
    <nav aria-label={t.nav.label} className={className}>
      <ul className="flex gap-0.5 sm:gap-1">
        {pages.map(([href, name]) => (
          <li key={href}>
            <Link
              href={href}
              aria-current={isHere(href) ? "page" : undefined}
              className={cx("block rounded-md px-1.5 py-1.5 text-[0.8125rem] font-medium whitespace-nowrap sm:px-3 sm:text-sm", isHere(href) ? "bg-raised text-ink" : "text-soft hover:text-ink")}
            >
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
