import "server-only";
import type { NextAuthOptions } from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { z } from "zod";
import { signIn, signOut } from "./sign-in";

const EIGHT_HOURS = 8 * 60 * 60;

const form = z.object({ email: z.string().trim().min(1), password: z.string().min(1) });

const allauth = Credentials({
  name: "Bamsae",
  credentials: { email: { type: "email" }, password: { type: "password" } },
  async authorize(given) {
    const read = form.safeParse(given);
    if (!read.success) throw new Error("bad_credentials");
    const attempt = await signIn(read.data.email, read.data.password);
    if (!attempt.ok) throw new Error(attempt.error);
    return attempt.person;
  },
});

/** The API's session token lives in the encrypted, httpOnly cookie only: no callback puts it into the session the browser reads. */
export const authOptions: NextAuthOptions = {
  providers: [allauth],
  session: { strategy: "jwt", maxAge: EIGHT_HOURS },
  pages: { signIn: "/login" },
  callbacks: {
    jwt: ({ token, user }) =>
      user ? { ...token, sub: user.id, email: user.email, sessionToken: user.sessionToken } : token,
    session: ({ session, token }) => ({ expires: session.expires, user: { email: token.email ?? "" } }),
  },
  events: {
    signOut: async ({ token }) => {
      if (token?.sessionToken) await signOut(token.sessionToken);
    },
  },
};
