import Link from "next/link";
import { serverText } from "@/i18n/server";

export default async function NotFound() {
  const { t } = await serverText();
  return (
    <main className="grid min-h-dvh place-content-center gap-3 text-center">
      <h1 className="text-lg font-semibold">{t.notFound.title}</h1>
      <Link href="/" className="text-accent underline">
        {t.notFound.back}
      </Link>
    </main>
  );
}
